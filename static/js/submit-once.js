// A form that is on its way is not sent again by a second press. The server's one-time key is what makes sure; this only
// spares people the answer to it.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.matches('[data-once]') || event.defaultPrevented) return;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = '';
  event.submitter?.setAttribute('aria-busy', 'true');
});

// Coming back to a page that the browser kept as it was.
window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
  for (const button of document.querySelectorAll('[aria-busy]')) button.removeAttribute('aria-busy');
});
