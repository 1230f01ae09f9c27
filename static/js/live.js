// Lists that follow the typing ask for the whole page and take their part of it. An answer that is another page (signed
// out, an error) is opened instead of being cut up.
document.addEventListener('htmx:before:swap', (event) => {
  const answer = event.detail.ctx?.response?.raw;
  if (!answer || (answer.ok && !answer.redirected)) return;
  event.preventDefault();
  window.location.assign(answer.url);
});

// Who can't see the list change is told how much of it is left.
const status = document.createElement('div');
status.className = 'visually-hidden';
status.setAttribute('role', 'status');
document.querySelector('main')?.append(status);

document.addEventListener('htmx:after:swap', (event) => {
  const list = document.querySelector(event.target.closest?.('[hx-target]')?.getAttribute('hx-target') ?? 'none');
  if (!list) return;
  const rows = list.querySelectorAll('tbody tr').length;
  status.textContent = rows ? `${rows} shown` : 'Nothing matches';
});
