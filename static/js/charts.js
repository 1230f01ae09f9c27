// Draws the table of a chart as a picture above it. Chart.js is fetched only by pages that have one.
let library;
const drawn = new Map();

export async function drawCharts(root) {
  const figures = [...root.querySelectorAll('[data-chart]:not([data-drawn])')];
  if (!figures.length) return;
  for (const figure of figures) figure.dataset.drawn = '';
  library ??= import(document.body.dataset.chartScript);
  await library;
  for (const figure of figures) draw(figure);
}

document.addEventListener('themechange', () => {
  for (const [figure, chart] of [...drawn]) { // a copy: drawing adds to it
    chart.destroy();
    drawn.delete(figure);
    if (figure.isConnected) draw(figure);
  }
});

const systemTheme = window.matchMedia('(prefers-color-scheme: dark)');
systemTheme.addEventListener('change', () => document.dispatchEvent(new Event('themechange')));

function draw(figure) {
  const picture = figure.querySelector('[data-chart-picture]');
  const canvas = document.createElement('canvas');
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', figure.querySelector('caption').textContent + ', as a chart; the table has the same figures');
  picture.replaceChildren(canvas);
  picture.hidden = false;
  const { labels, titles, series } = read(figure.querySelector('table'));
  const colour = painter(figure);
  const line = figure.dataset.chart === 'line';
  const stacked = figure.dataset.stacked !== undefined;
  const front = ['--chart-ink', '--chart-2', '--chart-3', '--chart-4'];
  const over = !stacked && series.some(({ behind }) => behind); // this period's bars stand in front of the last one's
  let nth = 0;
  const datasets = series.map(({ name, behind, values, texts }) => {
    const paint = colour(behind ? '--chart-behind' : front[nth++ % front.length]);
    return {
      label: name, data: values, texts, order: behind ? 1 : 0,
      backgroundColor: paint, borderColor: paint,
      ...(line ? { borderWidth: 2, pointRadius: 0, pointHitRadius: 12, tension: 0.25 } : { borderRadius: 3, maxBarThickness: 32, grouped: !over, barPercentage: over && !behind ? 0.5 : 0.9 }),
    };
  });
  drawn.set(figure, new globalThis.Chart(canvas, {
    type: line ? 'line' : 'bar',
    data: { labels, datasets },
    options: options({ titles, stacked, colour }),
  }));
}

// read takes the table apart. The figures become numbers only to be drawn; what a tooltip says is the table's own text.
function read(table) {
  const heads = [...table.querySelectorAll('thead [data-series]')];
  const rows = [...table.querySelectorAll('tbody tr')];
  return {
    labels: rows.map((row) => row.querySelector('th').dataset.short),
    titles: rows.map((row) => row.querySelector('th').textContent),
    series: heads.map((head, column) => {
      const cells = rows.map((row) => row.querySelectorAll('td')[column]);
      return {
        name: head.textContent, behind: head.dataset.behind !== undefined,
        values: cells.map((cell) => Number(cell.dataset.value)), texts: cells.map((cell) => cell.textContent),
      };
    }),
  };
}

// painter resolves the theme's colours, which the canvas can't read by name.
function painter(figure) {
  const probe = document.createElement('span');
  probe.hidden = true;
  figure.append(probe);
  return (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
}

function options({ titles, stacked, colour }) {
  const soft = colour('--ink-soft');
  const font = { family: getComputedStyle(document.body).fontFamily, size: 11 };
  const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  return {
    responsive: true, maintainAspectRatio: false, animation: calm ? false : { duration: 250 },
    interaction: { mode: 'index', intersect: false },
    scales: {
      x: { stacked, grid: { display: false }, border: { color: colour('--line') }, ticks: { color: soft, font, maxRotation: 0, autoSkipPadding: 16 } },
      y: { stacked, beginAtZero: true, border: { display: false }, grid: { color: colour('--line') }, ticks: { color: soft, font, maxTicksLimit: 5 } },
    },
    plugins: {
      legend: { position: 'top', align: 'end', labels: { color: soft, font, boxWidth: 8, boxHeight: 8, useBorderRadius: true, borderRadius: 2 } },
      tooltip: {
        backgroundColor: colour('--raised'), titleColor: colour('--ink'), bodyColor: colour('--ink'), borderColor: colour('--line'), borderWidth: 1,
        padding: 10, boxWidth: 8, boxHeight: 8, boxPadding: 4, usePointStyle: false, titleFont: { ...font, size: 12 }, bodyFont: { ...font, size: 12 },
        callbacks: { title: ([item]) => titles[item.dataIndex], label: (item) => ` ${item.dataset.label}: ${item.dataset.texts[item.dataIndex]}` },
      },
    },
  };
}
