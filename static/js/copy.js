// Buttons that copy a text. They are hidden in the page as it comes, because they do nothing without scripts.
export function offerCopying(root) {
  if (!navigator.clipboard) return; // an unencrypted page on another machine has none
  for (const button of root.querySelectorAll('[data-copy][hidden]')) button.hidden = false;
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest?.('[data-copy]');
  if (!button) return;
  const label = button.querySelector('[data-copy-label]');
  button.dataset.label ??= label.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    label.textContent = 'Copied';
  } catch {
    label.textContent = 'Not copied';
  }
  setTimeout(() => { label.textContent = button.dataset.label; }, 2000);
});
