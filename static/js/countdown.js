// Counts down the time left in an entered account. It goes by the time since the page came, not by the machine's clock,
// which may be wrong. When it is over, the start page says so; a moment later than the page thinks, for the seconds in it were
// cut off.
export function countDown(root) {
  for (const shown of root.querySelectorAll('[data-countdown]:not([data-counting])')) {
    shown.dataset.counting = '';
    const seconds = Number(shown.dataset.countdown);
    const started = performance.now();
    const tick = () => {
      const left = Math.max(0, Math.floor(seconds - (performance.now() - started) / 1000));
      shown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
      if (left > 0) return;
      clearInterval(timer);
      if (shown.dataset.then) setTimeout(() => location.assign(shown.dataset.then), 1500);
    };
    const timer = setInterval(tick, 1000);
    tick();
  }
}
