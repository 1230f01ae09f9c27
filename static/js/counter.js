// How many parts a text takes, following the typing. What counts is what the server says in the preview.
const basic = new Set('@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà');
const extended = new Set('^{}\\[~]|€');
const maxParts = 10;

// measure fills parts character by character: none is cut in two.
export function measure(text) {
  const letters = [...text.replaceAll('\r\n', '\n').replaceAll('\t', ' ')];
  const gsm = letters.every((letter) => basic.has(letter) || extended.has(letter));
  const size = (letter) => (gsm ? (extended.has(letter) ? 2 : 1) : letter.length);
  const [alone, joined] = gsm ? [160, 153] : [70, 67];
  const fill = (room) => {
    let parts = 1;
    let used = 0;
    for (const letter of letters) {
      if (used + size(letter) > room) [parts, used] = [parts + 1, 0];
      used += size(letter);
    }
    return { parts, left: room - used };
  };
  const length = letters.reduce((sum, letter) => sum + size(letter), 0);
  const { parts, left } = length <= alone ? { parts: 1, left: alone - length } : fill(joined);
  return { encoding: gsm ? 'GSM-7' : 'UCS-2', length, parts, left };
}

export function countParts(root) {
  for (const counter of root.querySelectorAll('[data-counts]:not([data-counting])')) {
    const field = document.getElementById(counter.dataset.counts);
    if (!field) continue;
    counter.dataset.counting = '';
    const count = () => {
      const { encoding, length, parts, left } = measure(field.value);
      counter.hidden = length === 0;
      counter.classList.toggle('counter--over', parts > maxParts);
      counter.textContent = `${encoding} · ${length} ${encoding === 'GSM-7' ? 'characters' : 'UTF-16 units'} · `
        + `${parts} ${parts === 1 ? 'part' : 'parts'} · `
        + (parts > maxParts ? `${maxParts} parts is the most` : `room for ${left} more in the last`);
    };
    field.addEventListener('input', count);
    count();
  }
}
