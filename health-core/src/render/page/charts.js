// Charts: drawn from a target's history, as wide as there is room.

const DAY = 86400000, DAYS = 90, STEPS = { '24h': 600000, '7d': 3600000 };
const RESULTS = { success: 'healthy', warning: 'degraded', failure: 'unhealthy', indeterminate: 'unknown' };
const isGood = it => it.class === 'success' || it.class === 'warning';
const took = it => millis(it.took_ms);
const byDay = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });
const byHour = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

const millis = time => time >= 10000 ? `${(time / 1000).toFixed(1)} s` : `${time >= 10 || !time ? Math.round(time) : time.toFixed(1)} ms`;
/** No rounding makes a failure invisible. */
const percent = share => share == null ? '–' : share === 1 ? '100 %' : `${(Math.floor(share * 10000) / 100).toFixed(2)} %`;
const tone = share => share == null ? 'unknown' : share >= .999 ? 'healthy' : share >= .95 ? 'degraded' : 'unhealthy';

const chart = (width, height, label, ...children) =>
  s('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label }, children.flat());

const bar = (x, y, width, height, status, title) =>
  s('rect', { x: x.toFixed(1), y: y.toFixed(1), width: Math.max(1, width).toFixed(1), height: height.toFixed(1), rx: 1, 'data-status': status },
    title && s('title', {}, title));

/** Results, oldest first: the height is the time they took, and of those that failed it is full. */
function series(results, { width = 7, height = 24, gap = 2 } = {}) {
  const most = Math.max(...results.filter(isGood).map(it => it.took_ms)) || 1, failed = results.filter(it => !isGood(it)).length;
  const label = `${results.length} results, ${failed || 'none'} of them not good`;
  return chart(results.length * (width + gap) - gap, height, label, results.map((it, index) => {
    const high = isGood(it) ? Math.max(3, height * .7 * it.took_ms / most) : height;
    return bar(index * (width + gap), height - high, width, high, RESULTS[it.class], said(it));
  }));
}

const said = it => `${at(it.at ?? it.begin_at)} ${it.class}, ${took(it)}${it.message && ': ' + it.message}${it.counted ? '' : ' (not counted)'}`;

/** The last 90 days: a bar for each; those of which nothing is known are low. */
function daily(days, room) {
  const today = Math.floor(clock() / DAY), known = new Map(days.map(it => [Math.floor(it.at / DAY), it])), step = room / DAYS;
  const bad = days.filter(it => it.failures).length;
  return chart(room, 34, `The last 90 days: ${days.length} known, ${bad} with failures`, Array.from({ length: DAYS }, (_, index) => {
    const day = today - DAYS + 1 + index, it = known.get(day), date = byDay.format(day * DAY);
    const title = it ? `${date}: ${percent(it.uptime)}, ${it.failures} of ${it.results} failed` : `${date}: nothing known`;
    const high = it?.uptime == null ? 6 : 34;
    return bar(index * step, 34 - high, step - Math.min(2, step / 3), high, it ? tone(it.uptime) : 'unknown', title);
  }));
}

/** The least of 1, 2, 2.5, 5, 10 … that is no less. */
function nice(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map(it => it * unit).find(it => it >= value * .999);
}

/** Latency: p50 and p99 over time, and where something failed. */
function latency(points, length, room) {
  const step = STEPS[length], total = length === '24h' ? DAY : 7 * DAY, height = 190, left = 58, bottom = 22, top = 10;
  const end = clock(), begin = end - total, last = points.filter(it => it.at + step > begin);
  const highest = Math.max(...last.map(it => it.p99_ms ?? it.p50_ms ?? 0), 0), unit = highest ? nice(highest / 4) : 1, most = Math.max(1, Math.ceil(highest / unit)) * unit;
  const x = time => left + (Math.min(Math.max(time, begin), end) - begin) / total * (room - left - 4);
  const y = value => top + (height - top - bottom) * (1 - Math.min(value, most) / most);
  const lines = Array.from({ length: Math.round(most / unit) + 1 }, (_, it) => it * unit).flatMap(value => [
    s('line', { x1: left, x2: room, y1: y(value), y2: y(value) }),
    s('text', { x: left - 8, y: y(value) + 4, 'text-anchor': 'end' }, millis(value))]);
  const marks = ticks(begin, end, length, room).flatMap(([time, words]) => [
    s('line', { x1: x(time), x2: x(time), y1: height - bottom, y2: height - bottom + 4 }),
    s('text', { x: x(time), y: height - 4, 'text-anchor': 'middle' }, words)]);
  const path = (key, name) => {
    let d = '', before = -1 / 0;
    for (const it of last) {
      if (it[key] == null) continue;
      // A gap in what is known is a gap in the line.
      d += `${it.at - before > step * 1.5 ? 'M' : 'L'}${x(it.at + step / 2).toFixed(1)} ${y(it[key]).toFixed(1)}h0`;
      before = it.at;
    }
    return s('path', { d, class: name });
  };
  const failed = last.filter(it => it.failures), wide = (room - left) * step / total;
  const hot = last.map(it => {
    const title = `${at(it.at)}: p50 ${it.p50_ms == null ? '–' : millis(it.p50_ms)}, p99 ${it.p99_ms == null ? '–' : millis(it.p99_ms)}, ` +
      `${it.failures} of ${it.results} failed`;
    return s('rect', { class: 'hot', x: x(it.at).toFixed(1), y: 0, width: wide.toFixed(1), height: height - bottom }, s('title', {}, title));
  });
  const label = last.length ? `Latency of the last ${length}: p99 at most ${millis(highest)}; ${failed.length} of ${last.length} points have failures`
    : `Latency of the last ${length}: nothing known`;
  return chart(room, height, label, lines, marks,
    failed.map(it => s('rect', { class: 'failed', x: x(it.at).toFixed(1), y: top, width: wide.toFixed(1), height: height - top - bottom })), path('p99_ms', 'p99'), path('p50_ms', 'p50'), hot);
}

/** Round hours or days of the viewer, as many as there is room for. */
function ticks(begin, end, length, room) {
  const found = [], date = new Date(begin), hours = room < 560 ? 6 : 3;
  date.setMinutes(0, 0, 0);
  if (length === '7d') date.setHours(0);
  while (date < end) {
    const isRound = length === '7d' || date.getHours() % hours === 0;
    if (date > begin && isRound) found.push([+date, length === '7d' ? date.toLocaleDateString(undefined, { weekday: 'short', day: 'numeric' }) : byHour.format(date)]);
    date.setHours(date.getHours() + (length === '7d' ? 24 : 1));
  }
  // One that would be cut off is left out.
  return found.filter(([time]) => (end - time) / (end - begin) * room > 40);
}
