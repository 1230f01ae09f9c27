// Copies what pages need out of node_modules into dist, and axe for tests into axetest/dist. Go embeds both.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { slimTabler } from './tabler.mjs';

const here = new URL('.', import.meta.url);
const read = (path) => readFile(new URL('node_modules/' + path, here), 'utf8');

// The maps that the last lines name are not served: a browser that looks for them would only find nothing.
const withoutMap = (script) => script.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n');

async function sprite(names) {
  const symbols = await Promise.all(names.map(async (name) => {
    const svg = await read(`@tabler/icons/icons/outline/${name}.svg`);
    const shapes = svg.replace(/^[\s\S]*?<svg[^>]*>/, '').replace('</svg>', '')
      .replace(/\s*<path stroke="none"[^>]*\/>/, '').replace(/\s*\n\s*/g, '');
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${shapes}</symbol>`;
  }));
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`;
}

async function fill(folder, files) {
  const to = new URL(folder + '/', here);
  for (const entry of await readdir(to)) {
    if (entry !== 'README.md') await rm(new URL(entry, to), { recursive: true });
  }
  for (const [name, content] of Object.entries(files)) {
    const file = new URL(name, to);
    await mkdir(new URL('.', file), { recursive: true });
    await writeFile(file, content);
  }
}

const tabler = slimTabler(await read('@tabler/core/dist/css/tabler.css'));
const icons = (await readFile(new URL('icons.txt', here), 'utf8')).split(/\s+/).filter(Boolean);

await fill('dist', {
  'tabler.css': tabler.css,
  ...Object.fromEntries(tabler.pictures.map((svg, i) => [`img/${i}.svg`, svg])),
  'htmx.js': withoutMap(await read('htmx.org/dist/htmx.min.js')),
  'chart.js': withoutMap(await read('chart.js/dist/chart.umd.min.js')),
  'icons.svg': await sprite(icons),
});
await fill('axetest/dist', { 'axe.js': await read('axe-core/axe.min.js') });
