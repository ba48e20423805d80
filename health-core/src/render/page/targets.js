// Targets: how others are, as this service's monitor sees them.

const MOST_HEALTHY = 100, MOST_RESULTS = 10, COLUMN = 12;
const RESULTS = { success: 'healthy', warning: 'degraded', failure: 'unhealthy', indeterminate: 'unknown' };

// What is told, and what of it is shown.
let targets = null, seen;

/** The first thousand, which come the worst first. */
const readTargets = () => read('targets', told => targets = told);

function showTargets() {
  const told = targets ?? health.targets;
  $('to-targets').hidden = !told;
  // Replicas without checks are no targets.
  $('watched').hidden = !told || (told.groups && !told.total);
  if (!told || told === seen) return;
  seen = told;
  const { total, healthy, unhealthy, next, deregistered: gone = 0, answers_again: back = 0 } = told;
  fill($('tally'), healthy + (healthy < total ? ' of ' : '/') + total + ' healthy');
  $('tally').dataset.status = unhealthy || gone ? 'unhealthy' : healthy < total ? 'unknown' : 'healthy';
  const counts = { ...told, healthy: 0, deregistered: gone - back, 'answers-again': back, inactive: told.inactive - gone };
  fill($('others'), join(ORDER.map(it => counts[it] && counts[it] + ' ' + it)));
  $('mass').hidden = !told.mass_failure;
  let places = MOST_HEALTHY;
  const rows = (told.targets ?? []).filter(it => it.status !== 'healthy' || places-- > 0), rest = total - rows.length;
  // Of hundreds few have changed: the others are not drawn again.
  const old = $('targets').children, keys = rows.map(it => JSON.stringify(it));
  fill($('targets'), rows.map((it, index) => old[index]?.key === keys[index] ? old[index] : target(it)));
  keys.forEach((key, index) => old[index].key = key);
  fill($('rest'), targets ? rest > 0 && `and ${rest} more${!next || next.startsWith('healthy~') ? ' healthy' : ''}` : denied && 'Which, and why, needs a token.');
}

function target({ name, group, status, active, checks, healthy_checks, total_checks, reactivate }) {
  const [only] = checks.length < 2 ? checks : [];
  return h('li', { class: status },
    line(status, name,
      [status === 'inactive' && 'paused', group, only ? only.target : `${healthy_checks}/${total_checks} checks`], only, reactivate),
    !only && h('ul', {}, checks.map(it => h('li', {}, line(it.status, it.name, [it.target], it)))));
}

function line(status, name, notes, check, back) {
  const last = check?.results.at(-1), isWrong = check && (status !== 'healthy' || (last && last.class !== 'success'));
  // A warning is no error.
  const { message, kind } = last?.class === 'warning' ? last : { message: check?.last_error, kind: check?.last_error_kind };
  const failures = check?.consecutive_failures, turned = check?.deregistered_at ?? check?.since;
  const why = [kind, failures > 1 && `${failures} failures in a row`, check?.stale && 'stale'];
  return [
    badge(status),
    h('div', {},
      h('strong', {}, name), ' ', small(notes),
      isWrong && h('p', {}, message, ' ', small(why)),
      back && h('p', {}, h('samp', {}, back))),
    h('div', { class: 'series' }, last && series(check.results)),
    h('small', {}, check && [
      turned && h('div', {}, 'for ', since(turned, 'lasts')),
      h('div', {}, check.last_checked_at ? ['checked ', since(check.last_checked_at)] : 'not checked yet')]),
  ];
}

/** The last results, oldest first: a mark for each, and above those that succeeded what they took. */
function series(results) {
  const last = results.slice(-MOST_RESULTS), texts = last.map(said);
  const isGood = it => it.class === 'success' || it.class === 'warning';
  const most = Math.max(...last.filter(isGood).map(it => it.took_ms)) || 1;
  let path = '', pen = 'M';
  const marks = last.map((it, index) => {
    const x = COLUMN * (index + .5), status = RESULTS[it.class];
    // The first in a row is a stroke of no length: a dot, if it stays alone.
    if (isGood(it)) path += `${pen}${x} ${17 - 15 * it.took_ms / most}h0`;
    pen = isGood(it) ? 'L' : 'M';
    return s('text', { x, y: 31, 'data-status': status }, s('title', {}, texts[index]), MARKS[status]);
  });
  return [
    s('svg', { width: COLUMN * last.length, height: 34, role: 'img', 'aria-label': texts.join('; ') }, s('path', { d: path }), marks),
    h('small', {}, took(last.at(-1))),
  ];
}

const took = ({ took_ms }) => `${took_ms.toFixed(took_ms < 10 ? 1 : 0)} ms`;
const said = it => `${at(it.begin_at)} ${it.class}, ${took(it)}${it.message && ': ' + it.message}${it.counted ? '' : ' (not counted)'}`;

