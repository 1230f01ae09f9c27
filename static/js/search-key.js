// "/" goes to the page's search, and to the one at the top where the page has none.
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest('input, textarea, select, [contenteditable]') || document.querySelector('dialog[open]')) return;
  const box = document.querySelector('main [data-search]') ?? document.querySelector('[data-search]');
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});
