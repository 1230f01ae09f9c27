// A button in every password field that shows what was typed. It is made here, because it does nothing without scripts.
export function offerShowing(root) {
  for (const input of root.querySelectorAll('input[type=password]:not([data-showable])')) {
    input.dataset.showable = '';
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'field__show';
    button.setAttribute('aria-controls', input.id);
    const say = (shown) => {
      button.textContent = shown ? 'Hide' : 'Show';
      button.setAttribute('aria-label', `${shown ? 'Hide' : 'Show'} ${input.labels[0]?.textContent.toLowerCase() ?? 'password'}`);
    };
    say(false);
    button.addEventListener('click', () => {
      input.type = input.type === 'password' ? 'text' : 'password';
      say(input.type === 'text');
    });
    // A form leaves with its passwords hidden, so that the browser offers to keep them and does not list them as texts.
    input.form?.addEventListener('submit', () => { input.type = 'password'; say(false); });
    input.after(button);
  }
}
