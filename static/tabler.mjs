// Makes dist/tabler.css out of Tabler's stylesheet:
//  - keeps the families named below and leaves out the rest, nine tenths of it;
//  - gives the dark theme to readers whose system asks for it, not only to pages that say so, because a page can't say
//    so without scripts;
//  - moves pictures out of data: addresses into files, so that the content security policy needs no `data:`.

// A rule stays when every class in one of its selectors belongs to a family. Add one here before using it on a page.
const families = [
  'btn', 'btn-close', 'card', 'card-body', 'card-header', 'card-title', 'card-footer',
  'form-control', 'form-select', 'form-check-input',
  'table', 'visually-hidden', 'visually-hidden-focusable', 'disabled', 'active',
  'text-(start|end|center|nowrap|break|truncate|wrap|secondary|muted|uppercase)', 'fw-(normal|medium|semibold|bold)',
  'd-(none|block|inline|inline-block|flex|inline-flex|grid)', 'd-(sm|md|lg)-(none|block|flex|inline)',
  'flex-(fill|row|column|wrap|nowrap|grow-[01]|shrink-[01])',
  '(justify-content|align-items|align-self)-(start|end|center|between|baseline|stretch)',
  'gap-[0-5]', '[mp][tbsexy]?-([0-5]|auto)', 'w-100', 'h-100',
  'list-unstyled', 'font-monospace', 'small', 'lead',
];
const kept = new RegExp(`^(${families.join('|')})$`);

export function slimTabler(css) {
  const pictures = [];
  const licence = css.match(/\/\*![\s\S]*?\*\//)?.[0] ?? '';
  css = css.replace(/@charset[^;]*;/, '').replace(/\/\*[\s\S]*?\*\//g, '');
  css = css.replace(/url\("data:image\/svg\+xml,([^"]*)"\)/g, (_, data) => {
    const picture = decodeURIComponent(data);
    let at = pictures.indexOf(picture);
    if (at < 0) at = pictures.push(picture) - 1;
    return `url("../dist/img/${at}.svg")`;
  });
  if (css.includes('data:')) throw new Error('tabler.css has a data: address that is not an svg picture');
  const rules = parse(css).map(prune).filter(Boolean);
  return { css: licence + '\n' + rules.flatMap(withSystemTheme).map(print).join('\n'), pictures };
}

// parse cuts a stylesheet into { prelude, body } and, for at-rules that hold rules, { prelude, rules }.
function parse(css) {
  const rules = [];
  let at = 0;
  for (;;) {
    const open = css.indexOf('{', at);
    if (open < 0) return rules;
    const prelude = css.slice(at, open).trim();
    let depth = 1, end = open + 1;
    for (; depth > 0; end++) {
      if (css[end] === '{') depth++;
      else if (css[end] === '}') depth--;
      else if (css[end] === undefined) throw new Error('unbalanced braces in tabler.css after ' + prelude);
    }
    const body = css.slice(open + 1, end - 1).trim();
    rules.push(/^@(media|supports|layer)/.test(prelude) ? { prelude, rules: parse(body) } : { prelude, body });
    at = end;
  }
}

function prune(rule) {
  if (rule.rules) {
    if (rule.prelude === '@media print') return null; // ours is in print.css
    const rules = rule.rules.map(prune).filter(Boolean);
    return rules.length ? { ...rule, rules } : null;
  }
  if (rule.prelude.startsWith('@')) return null; // keyframes of what is left out
  const selectors = splitSelectors(rule.prelude).filter(wanted);
  return selectors.length && rule.body ? { prelude: selectors.join(', '), body: rule.body } : null;
}

function wanted(selector) {
  if (/navbar|\.theme-|data-bs-theme=dark\] \[|\[data-bs-theme-|^body\[/.test(selector)) return false;
  const classes = [...selector.matchAll(/\.(-?[A-Za-z_](?:[\w-]|\\.)*)/g)].map((match) => match[1]);
  return classes.every((name) => kept.test(name));
}

// splitSelectors splits at the commas that no bracket encloses.
function splitSelectors(list) {
  const parts = [];
  let depth = 0, from = 0;
  for (let i = 0; i < list.length; i++) {
    if ('(['.includes(list[i])) depth++;
    else if (')]'.includes(list[i])) depth--;
    else if (list[i] === ',' && depth === 0) {
      parts.push(list.slice(from, i).trim());
      from = i + 1;
    }
  }
  return [...parts, list.slice(from).trim()].map((part) => part.replace(/\s+/g, ' '));
}

const dark = '[data-bs-theme=dark]';
const systemDark = ':root:where(:not([data-bs-theme=light]))'; // as specific as [data-bs-theme=dark]

function withSystemTheme(rule) {
  if (rule.rules || !rule.prelude.includes(dark)) return [rule];
  const selectors = splitSelectors(rule.prelude).filter((selector) => selector.includes(dark));
  const copy = { prelude: selectors.map((selector) => selector.replace(dark, systemDark)).join(', '), body: rule.body };
  return [rule, { prelude: '@media (prefers-color-scheme: dark)', rules: [copy] }];
}

function print(rule) {
  return `${rule.prelude}{${rule.rules ? rule.rules.map(print).join('\n') : rule.body.replace(/\s*\n\s*/g, ' ')}}`;
}
