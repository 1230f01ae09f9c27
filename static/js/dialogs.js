// Opens what is a page of its own without scripts as a dialog, and asks before what data-confirm guards.
document.addEventListener('click', (event) => {
  const opener = event.target.closest?.('[data-dialog]');
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const dialog = document.getElementById(opener.dataset.dialog);
  if (!dialog?.showModal) return;
  event.preventDefault();
  dialog.showModal();
});

// A press beside the dialog closes it, as Esc does.
document.addEventListener('click', (event) => {
  if (event.target instanceof HTMLDialogElement && event.detail > 0) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

// Capturing, so that the question comes before submit-once.js takes the form for sent.
document.addEventListener('submit', (event) => {
  const form = event.target;
  const question = form.dataset?.confirm;
  if (!question || form.dataset.confirmed !== undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask(question, form.dataset.confirmLabel ?? 'OK').then((yes) => {
    if (!yes) return;
    form.dataset.confirmed = '';
    form.requestSubmit(event.submitter);
  });
}, true);

function ask(question, label) {
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog';
  dialog.setAttribute('aria-labelledby', 'confirm-question');
  const body = document.createElement('form');
  body.method = 'dialog';
  body.className = 'dialog__body';
  const text = document.createElement('p');
  text.id = 'confirm-question';
  text.textContent = question;
  const buttons = document.createElement('div');
  buttons.className = 'dialog__buttons';
  buttons.append(button('Cancel', 'no', 'btn'), button(label, 'yes', 'btn btn--primary'));
  body.append(text, buttons);
  dialog.append(body);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}

function button(label, value, className) {
  const made = document.createElement('button');
  made.value = value;
  made.className = className;
  made.textContent = label;
  return made;
}
