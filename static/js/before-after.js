// What both sides of a transfer will have, following the typing.
import { parse, parseTyped, plain, write } from './amounts.js';

export function followAmounts(root) {
  for (const table of root.querySelectorAll('[data-before-after]:not([data-following])')) {
    const field = document.getElementById(table.dataset.beforeAfter);
    if (!field) continue;
    table.dataset.following = '';
    const manner = { group: table.dataset.group, point: table.dataset.point, sizes: table.dataset.sizes.split(' ').map(Number) };
    const all = field.form?.elements.namedItem('all'); // takes whatever the giving side has
    const giver = table.querySelector('[data-before]:not([data-gains])');
    const follow = () => {
      const text = all?.checked ? giver.dataset.before : field.value;
      for (const row of table.querySelectorAll('[data-before]')) show(row, text, table.dataset.price !== undefined, manner);
    };
    field.addEventListener('input', follow);
    all?.addEventListener('change', follow);
    if (field.value || all?.checked) follow();
  }
}

function show(row, text, isPrice, manner) {
  const decimals = Number(row.dataset.decimals);
  const amount = parseTyped(text, isPrice ? 6 : decimals);
  const cell = row.querySelector('[data-after]');
  if (amount === null) {
    const none = document.createElement('span');
    none.className = 'none';
    none.textContent = '—';
    cell.replaceChildren(none);
    return;
  }
  const before = parse(row.dataset.before);
  const after = row.dataset.gains === undefined ? before - amount : before + amount;
  const figure = document.createElement('data');
  figure.className = after < 0n ? 'money money--negative' : 'money';
  figure.value = `${plain(after, decimals)} ${row.dataset.asset}`;
  const code = document.createElement('span');
  code.className = 'money__code';
  code.textContent = row.dataset.asset;
  figure.append(write(after, decimals, manner) + '\u00a0', code);
  cell.replaceChildren(figure);
}
