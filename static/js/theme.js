// The theme that the person chose: "light", "dark" or the system's. Not deferred, so that no page flashes in the other
// one; without scripts the system decides.
(() => {
  const key = 'theme';
  const chosen = () => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage is switched off
    }
  };
  const show = () => {
    const theme = chosen();
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.bsTheme = theme;
    else delete document.documentElement.dataset.bsTheme;
    for (const button of document.querySelectorAll('[data-theme-choice]')) {
      button.setAttribute('aria-pressed', String(button.dataset.themeChoice === (theme ?? 'system')));
    }
    document.dispatchEvent(new Event('themechange'));
  };
  show();
  document.addEventListener('DOMContentLoaded', () => {
    for (const choices of document.querySelectorAll('[data-theme-choices]')) choices.hidden = false;
    show();
  });
  document.addEventListener('click', (event) => {
    const button = event.target.closest?.('[data-theme-choice]');
    if (!button) return;
    try {
      if (button.dataset.themeChoice === 'system') localStorage.removeItem(key);
      else localStorage.setItem(key, button.dataset.themeChoice);
    } catch { /* the choice then lasts for nothing; the page still works */ }
    show();
  });
  window.addEventListener('storage', (event) => event.key === key && show()); // another tab
})();
