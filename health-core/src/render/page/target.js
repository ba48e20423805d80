// One target: what is told of it, and what was before.

const AGAIN = 30000, UPTIMES = ['24h', '7d', '30d', '90d'];

// Whose view is shown, if any; what is told of it, and its past: false if there is none; and what of that was drawn.
let view = null, one = null, before = null, asked = 0, chosen = '24h', drew, wide;

function readView() {
  const name = location.pathname.match(/\/targets\/([^/]+)\/?$/)?.[1];
  const next = name == null ? null : decodeURIComponent(name);
  if (next !== view) [view, one, before, asked, drew] = [next, known.get(next) ?? null, null, 0, null];
}

/** Of a service without such documents there is what the list tells. */
async function readTarget() {
  const path = `targets/${encodeURIComponent(view)}`, name = view, isDue = Date.now() - asked > AGAIN;
  const take = told => view === name && (one = told);
  const missing = async () => {
    await readTargets();
    take(known.get(name) ?? false);
  };
  const may = await read(path, take, missing);
  if (!may || view !== name || !one) return may;
  if (!isDue) return true;
  asked = Date.now();
  return await read(path + '/history', told => view === name && (before = told), () => before = false);
}

function showTarget() {
  for (const id of ['target', 'up']) $(id).hidden = !view;
  const room = Math.floor(Math.min($('target').clientWidth || 320, 1200)) - 34, what = JSON.stringify([one, before?.checks, asked, chosen, room]);
  if (!view || what === drew) return;
  drew = what;
  if (!one) return fill($('target'), one === false && h('p', {}, 'There is no such target, or no longer.'));
  fill($('target'),
    quiet(one),
    actionsFor(one),
    one.checks.map(check => card(check, before?.checks?.find(it => it.name === check.name), one.attempts?.find(it => it.check === check.name), room)));
}

/** The headline of a view: the target's own. */
function ofTarget() {
  const check = one.checks.find(it => it.status === one.status) ?? one.checks[0];
  const why = WELL.includes(one.status) && !check?.stale ? '' : one.reason || check?.last_error;
  const labels = Object.entries(one.labels ?? {}).map(pair => pair.join('='));
  return [h('span', {}, join([one.group && `group ${one.group}`, ...labels, one.checks.length > 1 && `${one.healthy_checks} of ${one.total_checks} checks are healthy`])),
    why && h('span', { class: 'cause' }, why)];
}

function card(check, past, attempt, room) {
  const results = (past?.results ?? []).length ? [...past.results].reverse() : check.results, last = check.results.at(-1);
  return h('section', { class: 'card' },
    h('h2', {}, check.name, ' ', badge(check.status)),
    h('p', {}, h('samp', {}, check.target)),
    h('dl', { class: 'facts' }, Object.entries({
      'For': check.deregistered_at ?? check.since ? since(check.deregistered_at ?? check.since, 'lasts') : null,
      'Checked': check.last_checked_at ? since(check.last_checked_at) : 'not yet',
      'Next check': attempt && (attempt.next_at ? since(attempt.next_at, 'due') : 'not planned'),
      'Took': last ? took(last) : null,
      'In a row': check.consecutive_failures ? `${check.consecutive_failures} failed` : check.consecutive_successes ? `${check.consecutive_successes} succeeded` : null,
    }).filter(([, value]) => value).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)))),
    evidence(check, attempt),
    past && uptime(past),
    past?.days && figure('Last 90 days', daily(past.days, room), ['90 days ago', 'today']),
    results.length > 0 && figure(results.length > 1 ? `Last ${results.length} results` : 'Last result', series(results.slice(-50), { width: Math.min(24, room / 50 - 2), height: 34 }),
      [`from ${at(results.slice(-50)[0].at ?? results.slice(-50)[0].begin_at)}`]),
    past?.latency && h('div', { class: 'figure' },
      h('h3', {}, 'Latency', h('span', { class: 'row' }, Object.keys(STEPS).map(it =>
        h('button', { type: 'button', class: 'chip', 'data-length': it, 'aria-pressed': String(it === chosen) }, it.replace(/(\D)/, ' $1'))))),
      latency(past.latency[chosen] ?? [], chosen, room),
      h('p', { class: 'legend' }, h('i', { class: 'p50' }), ' half are faster (p50) ', h('i', { class: 'p99' }), ' 99 % are faster (p99) ', h('i', { class: 'bad' }), ' with failures')),
    past?.transitions?.length > 0 && h('div', {}, h('h3', {}, 'Transitions'), h('ol', { class: 'past' }, past.transitions.map(it =>
      transition({ name: '', time: new Date(it.at).toISOString(), what: it.change === 'status' ? '' : it.change, from: it.from, to: it.to, message: join([it.reason, it.rule && `rule ${it.rule}`]) })))),
    results.length > 0 && table(results),
    (past?.settings ?? check.settings) && h('details', {}, h('summary', {}, 'Settings'), tree(past?.settings ?? check.settings)));
}

/** What the last attempt saw, with what a command wrote. */
function evidence(check, attempt) {
  const last = check.results.at(-1), message = attempt?.message || last?.message, isWrong = last && last.class !== 'success';
  const notes = [isWrong && last.kind, attempt?.address && `at ${attempt.address}`, attempt?.skipped_slots > 0 && `${attempt.skipped_slots} slots skipped`];
  if (!isWrong && !attempt?.output && !attempt?.address) return null;
  return h('div', { class: 'evidence' },
    (message || notes.some(Boolean)) && h('p', {}, message, ' ', small(notes)),
    attempt?.cause && attempt.cause !== message && h('p', {}, small([attempt.cause])),
    attempt?.output && h('samp', { tabindex: '0', role: 'region', 'aria-label': `What ${check.name} wrote` }, attempt.output));
}

function uptime({ uptime: shares, left_out: left = {} }) {
  const notes = it => join(Object.entries(left[it] ?? {}).map(([why, count]) => count > 0 && `${count} ${why === 'own' ? 'of own trouble' : why}`));
  return shares && h('dl', { class: 'uptime' }, UPTIMES.map(it => h('div', {},
    h('dt', {}, it.replace(/(\D)/, ' $1')),
    h('dd', { 'data-status': tone(shares[it]) }, percent(shares[it])),
    notes(it) && h('dd', { class: 'left' }, `left out: ${notes(it)}`))));
}

const figure = (title, drawing, ends) => h('div', { class: 'figure' }, h('h3', {}, title), drawing,
  h('p', { class: 'ends' }, ends.map(it => h('small', {}, it))));

const table = results => h('details', {}, h('summary', {}, 'Results as a table'), h('table', {},
  h('thead', {}, h('tr', {}, ['When', 'Result', 'Took', 'Message'].map(it => h('th', { scope: 'col' }, it)))),
  h('tbody', {}, [...results].reverse().map(it => h('tr', {},
    h('td', {}, at(it.at ?? it.begin_at)), h('td', { class: 'status', 'data-status': RESULTS[it.class] }, it.class + (it.counted ? '' : ' (not counted)')),
    h('td', {}, took(it)), h('td', {}, join([it.message, it.kind])))))));

/** To the list or to a target, without loading the page anew. */
function go(href) {
  history.pushState(null, '', href);
  arrive();
  scrollTo(0, 0);
}

function arrive() {
  readView();
  readFilter();
  say('', '');
  show();
  wake?.();
}

document.addEventListener('click', event => {
  const a = event.target.closest('a[data-here]'), { length } = event.target.dataset;
  if (length) {
    chosen = length;
    showTarget();
  }
  if (!a || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(a.href);
});
addEventListener('popstate', arrive);
addEventListener('resize', () => view && showTarget());
