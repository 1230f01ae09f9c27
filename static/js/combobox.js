// Gives a long select a box to type in: the editable combobox of the ARIA practices. The select stays in the form, hidden,
// and is what is sent.
export function makeSearchable(root) {
  for (const select of root.querySelectorAll('select[data-searchable]:not([hidden])')) searchable(select);
}

const fold = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').replace(/[_/]/g, ' ').toLowerCase();
const most = 60; // more options than this are not read anyway

function searchable(select) {
  const options = [...select.options].map((option, i) => ({ i, label: option.label, folded: fold(option.label + ' ' + option.value) }));
  const box = document.createElement('div');
  box.className = 'combobox';
  const input = document.createElement('input');
  const list = document.createElement('ul');
  const id = select.id;
  Object.assign(input, { id, type: 'text', className: 'form-control form-select', autocomplete: 'off', spellcheck: false, required: select.required });
  input.setAttribute('role', 'combobox');
  input.setAttribute('aria-autocomplete', 'list');
  input.setAttribute('aria-expanded', 'false');
  input.setAttribute('aria-controls', id + '-options');
  for (const name of ['aria-describedby', 'aria-invalid']) {
    if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  }
  Object.assign(list, { id: id + '-options', className: 'combobox__list', hidden: true });
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', document.querySelector(`label[for="${CSS.escape(id)}"]`)?.textContent ?? '');
  select.id = id + '-select';
  select.hidden = true;
  select.after(box);
  box.append(input, list);

  let active = -1;
  const shown = () => [...list.querySelectorAll('[role=option]')];
  const showChosen = () => { input.value = select.selectedOptions[0]?.value ? select.selectedOptions[0].label : ''; };

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }

  function open(query) {
    const words = fold(query).split(/\s+/).filter(Boolean);
    const found = options.filter((option) => words.every((word) => option.folded.includes(word)));
    list.replaceChildren(...found.slice(0, most).map(({ i, label }) => {
      const entry = document.createElement('li');
      entry.id = `${id}-option-${i}`;
      entry.className = 'combobox__option';
      entry.setAttribute('role', 'option');
      entry.setAttribute('aria-selected', String(i === select.selectedIndex));
      entry.dataset.index = i;
      entry.textContent = label;
      return entry;
    }));
    if (found.length === 0 || found.length > most) {
      const note = document.createElement('li');
      note.className = 'combobox__none';
      note.setAttribute('role', 'presentation');
      note.textContent = found.length ? 'Type to see more' : 'Nothing found';
      list.append(note);
    }
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    activate(query && found.length ? 0 : shown().findIndex((entry) => entry.getAttribute('aria-selected') === 'true'));
  }

  function activate(to) {
    active = to;
    shown().forEach((entry, i) => entry.classList.toggle('is-active', i === to));
    const entry = shown()[to];
    if (!entry) return input.removeAttribute('aria-activedescendant');
    input.setAttribute('aria-activedescendant', entry.id);
    entry.scrollIntoView({ block: 'nearest' });
  }

  function choose(entry) {
    select.selectedIndex = Number(entry.dataset.index);
    select.dispatchEvent(new Event('change', { bubbles: true }));
    showChosen();
    close();
  }

  input.addEventListener('input', () => open(input.value));
  input.addEventListener('focus', () => input.select());
  input.addEventListener('click', () => {
    if (!list.hidden) return;
    input.select(); // the press itself has put the caret somewhere
    open('');
  });
  input.addEventListener('keydown', (event) => {
    const count = shown().length;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (list.hidden) return open('');
      if (count) activate((active + (event.key === 'ArrowDown' ? 1 : -1) + count) % count);
    } else if (event.key === 'Enter' && !list.hidden) {
      event.preventDefault();
      if (shown()[active]) choose(shown()[active]);
    } else if (event.key === 'Escape' && !list.hidden) {
      event.preventDefault();
      event.stopPropagation(); // the dialog around it stays
      showChosen();
      close();
    } else if (event.key === 'Tab' && !list.hidden && shown()[active] && input.value) {
      choose(shown()[active]);
    }
  });
  list.addEventListener('mousedown', (event) => event.preventDefault()); // the focus stays in the box
  list.addEventListener('click', (event) => {
    const entry = event.target.closest('[role=option]');
    if (entry) choose(entry);
  });
  input.addEventListener('blur', () => {
    showChosen();
    close();
  });
  showChosen();
}
