// Exact amounts in millionths, as the server counts them. Numbers of JavaScript are floating point and would show cents
// that nobody has.
const typed = /^[0-9]{1,12}(\.[0-9]{1,6})?$/; // what the server takes (models.ParseAmount)

// parse returns an exact text ("-12.5") in millionths.
export function parse(text) {
  const negative = text.startsWith('-');
  const [whole, fraction = ''] = text.replace('-', '').split('.');
  const micros = BigInt(whole) * 1000000n + BigInt(fraction.padEnd(6, '0'));
  return negative ? -micros : micros;
}

// parseTyped returns what a person typed in millionths, or null while it isn't an amount the currency can have.
export function parseTyped(text, decimals) {
  const trimmed = text.trim();
  if (!typed.test(trimmed)) return null;
  const fraction = (trimmed.split('.')[1] ?? '').replace(/0+$/, '');
  return fraction.length > decimals ? null : parse(trimmed);
}

// write returns millionths with at least so many decimals, in the reader's way: { group, point, sizes: [3, 3] }.
export function write(micros, decimals, { group, point, sizes: [first, rest] }) {
  const negative = micros < 0n;
  const digits = (negative ? -micros : micros).toString().padStart(7, '0');
  let whole = digits.slice(0, -6);
  const fraction = digits.slice(-6).replace(/0+$/, '').padEnd(decimals, '0');
  if (first > 0) {
    const groups = [];
    for (let size = first; whole.length > size; size = rest) {
      groups.unshift(whole.slice(-size));
      whole = whole.slice(0, -size);
    }
    whole = [whole, ...groups].join(group);
  }
  return (negative ? '\u2212' : '') + whole + (fraction && point + fraction);
}

// plain returns millionths as the exact text that the server writes.
export function plain(micros, decimals) {
  return write(micros, decimals, { group: '', point: '.', sizes: [0, 0] }).replace('\u2212', '-');
}
