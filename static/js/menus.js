// Menus open and close by themselves. Here: browsers that can't place one at its button, and the arrow keys.
const placesItself = CSS.supports('position-area', 'bottom');

document.addEventListener('toggle', (event) => {
  const menu = event.target;
  if (!menu.classList?.contains('menu') || event.newState !== 'open' || placesItself) return;
  const opener = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`).getBoundingClientRect();
  const width = menu.offsetWidth, height = menu.offsetHeight;
  const below = opener.bottom + height < innerHeight;
  menu.style.position = 'fixed';
  menu.style.left = `${Math.max(8, Math.min(opener.right - width, innerWidth - width - 8))}px`;
  menu.style.top = `${below ? opener.bottom : Math.max(8, opener.top - height)}px`;
}, true);

document.addEventListener('keydown', (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const opener = event.target.closest('[popovertarget]');
  const menu = event.target.closest('.menu') ?? (opener && document.getElementById(opener.getAttribute('popovertarget')));
  if (!menu?.matches('.menu:popover-open')) return;
  const entries = [...menu.querySelectorAll('a[href], button:not([disabled])')].filter((entry) => entry.offsetParent);
  if (!entries.length) return;
  event.preventDefault();
  const at = entries.indexOf(document.activeElement);
  entries[at < 0 ? (step > 0 ? 0 : entries.length - 1) : (at + step + entries.length) % entries.length].focus();
});
