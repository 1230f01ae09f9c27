// What makes pages nicer where scripts run. Every page works without any of it.
import { followAmounts } from './before-after.js';
import { drawCharts } from './charts.js';
import { makeSearchable } from './combobox.js';
import { offerCopying } from './copy.js';
import { countDown } from './countdown.js';
import { countParts } from './counter.js';
import { offerShowing } from './show-password.js';
import './dialogs.js';
import './live.js';
import './menus.js';
import './search-key.js';
import './submit-once.js';

function enhance(root) {
  offerCopying(root);
  offerShowing(root);
  makeSearchable(root);
  followAmounts(root);
  countDown(root);
  countParts(root);
  drawCharts(root);
}

enhance(document);
document.addEventListener('htmx:after:swap', () => enhance(document));
