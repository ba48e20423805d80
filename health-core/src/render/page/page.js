
// What is shown here was written by others: it is inserted as text, never as markup.
// The endpoint's clock counts, not the viewer's.

// Any prefix works. A server that mounts the endpoint at `/ops` may show the page there: no slash at the end.
const HOME = location.pathname.replace(/\/(healthz?)?$/, '') + '/';
for (const a of document.links) a.href = HOME + a.getAttribute('href');

const POLL = 3000, SOON = 250, PATIENCE = 10000, LONGEST_PAUSE = 15000, MOST_PAST = 256;
const MARKS = {
  healthy: '✓', up: '✓', degraded: '!', unhealthy: '✕', down: '✕', unknown: '?', pending: '…',
  starting: '…', draining: '↓', stopped: '■', inactive: '–', lost: '–',
  deregistered: '✕', 'answers-again': '↑',
  ready: '✓', started: '…', unready: '!', waiting: '…', backoff: '↻', stopping: '↓', failed: '✕',
};
const ORDER = ['deregistered', 'answers-again', 'unhealthy', 'down', 'unknown', 'starting', 'pending', 'inactive', 'degraded',
  'up', 'healthy'];
const worstFirst = (a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status);

// What is known.
let health = null, stats = {}, past = new Map(), shown, last = 0;
// When it came, in milliseconds of the viewer's clock, and what the endpoint's is ahead of that.
let heard = Date.now(), skew = 0, lost = false, live = false;
let token = sessionStorage.token, denied = false;

const $ = id => document.getElementById(id), root = document.documentElement;
const clock = () => Date.now() + skew;
const inFull = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const withinDay = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

// Elements

const SVG = 'http://www.w3.org/2000/svg';
const h = (tag, ...rest) => dress(document.createElement(tag), ...rest);
const s = (tag, ...rest) => dress(document.createElementNS(SVG, tag), ...rest);

const isThere = one => one != null && one !== false;

/** What is null or false is left out, of attributes and of children. */
function dress(node, attributes, ...children) {
  for (const [name, value] of Object.entries(attributes)) if (value) node.setAttribute(name, value);
  node.append(...children.flat().filter(isThere));
  return node;
}

/** Makes the children of `parent` like `fresh` and touches only what differs: selections stay. */
function fill(parent, ...fresh) {
  const old = [...parent.childNodes], nodes = fresh.flat().filter(isThere).map(one => one.nodeType ? one : new Text(one));
  nodes.forEach((node, index) => index < old.length ? liken(old[index], node) : parent.append(node));
  old.slice(nodes.length).forEach(node => node.remove());
}

function liken(old, fresh) {
  if (old === fresh) return;
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
  } else if (old instanceof Text) {
    if (old.data !== fresh.data) old.data = fresh.data;
  } else {
    // What somebody has opened stays so.
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    fill(old, [...fresh.childNodes]);
  }
}

/** A section's list; without anything in it the section is not there. */
function list(id, items) {
  $(id).parentNode.hidden = items.length === 0;
  fill($(id), items);
}

// Words

/** Milliseconds in their two largest units. */
function span(time) {
  const parts = [];
  let left = Math.max(0, Math.floor(time / 1000));
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]]) {
    if (left >= size || (size === 1 && !parts.length)) parts.push(`${Math.floor(left / size)} ${unit}`);
    left %= size;
  }
  return parts.slice(0, 2).join(' ');
}

/** A time in the viewer's words; with its day if that is not today. */
function at(time) {
  const date = new Date(time), isToday = date.toDateString() === new Date().toDateString();
  return (isToday ? withinDay : inFull).format(date);
}

/** What has passed since. It ticks; what it `lasts` ends when nobody answers any more. Or until it is `due`. */
function passed(time, how) {
  if (how === 'lasts') return span((lost ? heard + skew : clock()) - time);
  if (how === 'due') return time > clock() ? 'in ' + span(time - clock() + 999) : 'now';
  return clock() - time < 1000 ? 'just now' : span(clock() - time) + ' ago';
}
const since = (time, how, date = new Date(time)) =>
  h('time', { datetime: date.toISOString(), title: inFull.format(date), class: how }, passed(date, how));
const join = notes => notes.filter(Boolean).join(', ');
const small = notes => h('small', {}, join(notes));
const badge = status => h('span', { class: 'status', 'data-status': status }, h('i', { 'aria-hidden': 'true' }, MARKS[status] ?? '·'), status);

setInterval(() => {
  for (const node of document.querySelectorAll('time')) fill(node, passed(Date.parse(node.dateTime), node.className));
}, 1000);

// What is shown

function show() {
  const status = lost ? 'lost' : health?.status ?? root.dataset.status;
  const word = lost ? 'no answer' : status, mark = MARKS[status] ?? '';
  const service = health?.service ?? location.host;
  root.dataset.status = status;
  root.classList.toggle('lost', lost);
  document.title = `${mark} ${word} · ${service}`;
  const image = icon(mark);
  if ($('icon').href !== image) $('icon').href = image;
  fill($('mark'), mark);
  fill($('word'), word);
  fill($('summary'), lost ? `${service} has not answered since ${at(heard)}. ` : '', summary());
  fill($('link'), lost ? 'trying again' : live ? 'live' : 'asking every few seconds');
  $('link').dataset.status = lost ? 'down' : live ? 'up' : 'unknown';
  $('access').hidden = !denied;
  if (!health) return;
  fill($('service'), service);
  fill($('version'), health.version);
  fill($('facts'), facts());
  showReplicas();
  showTargets();
  list('parts', parts().map(part));
  list('stats', Object.entries(stats).map(stat));
  if (shown !== past) list('past', [...(shown = past).values()].reverse().map(transition));
}

function icon(mark) {
  const style = getComputedStyle(root);
  const [tone, card] = ['--tone', '--card'].map(name => style.getPropertyValue(name));
  return 'data:image/svg+xml,' + encodeURIComponent(
    `<svg xmlns="${SVG}" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="${tone}"/>` +
    `<text x="8" y="12" font-family="sans-serif" font-size="12" text-anchor="middle" fill="${card}">${mark}</text></svg>`);
}

function summary() {
  if (!health) return '';
  if (lost) return `It was ${health.status} then; below is what it said last.`;
  if (health.phase === 'draining') return 'It finishes its work and takes on nothing new.';
  const because = parts().filter(({ status }) => status !== 'healthy' && status !== 'up').map(reason);
  if (because.length > 3) because.splice(2, 1 / 0, `${because.length - 2} more`);
  if (because.length) return because.join('; ');
  const { total, healthy } = health.targets ?? {};
  if (health.status === 'healthy') return healthy < total ? `It is well; ${healthy} of ${total} targets are.` : 'All is well.';
  return denied ? 'The reason needs a token.' : `It is ${health.phase}.`;
}

function reason({ kind, name, status, message, cause = message }) {
  if (status === 'pending') return `waiting for ${name}`;
  if (kind === 'heartbeat') return `no beat of ${name}`;
  return `${name} is ${status}` + (cause ? `: ${cause}` : '');
}

function facts() {
  const rows = {
    'Phase': health.phase,
    'Up for': since(health.begun, 'lasts'),
    'Failures in a row': health.consecutive_failures,
    'In flight': health.in_flight,
  };
  return Object.entries(rows).filter(([, value]) => value != null)
    .flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]);
}

/** Components, heartbeats and what is waited for, the worst first; in public only names. */
function parts() {
  const all = new Map();
  const add = (name, part) => all.has(name) || all.set(name, { name, ...part });
  for (const [name, check] of Object.entries(health.checks ?? {})) {
    add(name, { kind: check.deadline_ms ? 'heartbeat' : '', ...check });
  }
  for (const [name, isUp] of Object.entries(health.components)) add(name, { status: isUp ? 'up' : 'down' });
  for (const name of health.stalled ?? []) add(name, { status: 'unhealthy', kind: 'heartbeat' });
  for (const name of health.pending ?? []) add(name, { status: 'pending', kind: 'gate or flag' });
  return [...all.values()].sort(worstFirst);
}

function part(it) {
  const { name, status, kind, deadline_ms, duration_ms, age_ms, message, cause } = it, failures = it.consecutive_failures;
  const notes = [
    kind,
    deadline_ms && `deadline ${span(deadline_ms)}`,
    duration_ms && `took ${duration_ms} ms`,
    failures > 1 && `${failures} failures in a row`,
    health.excused?.includes(name) && 'excused: the whole host stood still',
  ];
  return h('li', {},
    badge(status),
    h('div', {},
      h('strong', {}, name), ' ', small(notes),
      message && h('p', {}, message),
      cause && h('p', {}, cause)),
    h('small', {},
      it.since && h('div', {}, 'for ', since(it.since, 'lasts')),
      age_ms != null && h('div', {}, kind ? 'last beat ' : 'last result ', since(health.asked - age_ms))));
}

function stat([name, { value, published }]) {
  return h('li', {},
    h('h3', {}, name, published ? since(published) : h('small', {}, 'not yet published')),
    published && tree(value));
}

/** A value; of a list no more than 100 entries, of a nest no more than 8 floors. */
function tree(value, floor = 0) {
  const entries = value !== null && typeof value === 'object' ? Object.entries(value) : [];
  if (!entries.length || floor === 8) return h('samp', {}, typeof value === 'string' ? value : JSON.stringify(value));
  const row = (name, ...value) => h('div', {}, h('dt', {}, name), value.map(one => h('dd', {}, tree(one, floor + 1))));
  return h('dl', {},
    entries.slice(0, 100).map(([name, one]) => row(name, one)),
    entries.length > 100 && row(`and ${entries.length - 100} more`));
}

function transition({ time, what, name, from, to, message }) {
  return h('li', { 'data-status': to },
    h('div', {},
      h('strong', {}, name ?? 'daemon'), ' ', h('small', {}, what), ` ${from} → `, h('span', { class: 'status' }, to)),
    h('small', {}, at(time), ', ', since(time)),
    message && h('p', {}, message));
}

// What is asked

/** Asks for a document and takes it. False if it is kept back; throws if there is no sensible answer. */
async function read(path, take) {
  const answer = await fetch(HOME + path, { headers: headers('application/json'), signal: AbortSignal.timeout(PATIENCE) });
  if ([401, 403].includes(answer.status)) return false;
  // Asked too often, or a proxy keeps it back: what is known stands.
  if (!answer.ok && take !== takeHealth) return true;
  take(await answer.json());
  return true;
}

const headers = Accept => ({ Accept, ...token && { Authorization: `Bearer ${token}` } });

function takeHealth(told) {
  if (!told.status) throw new Error('not the document of a daemon');
  const asked = Date.parse(told.timestamp), begun = asked - told.uptime_seconds * 1000;
  // Another process under the same name has another past.
  if (health && begun > health.begun + 5000) forget();
  health = { ...told, asked, begun };
  skew = asked - Date.now();
}

function takeStats(told) {
  stats = told;
  for (const stat of Object.values(stats)) stat.published = stat.age_ms == null ? null : clock() - stat.age_ms;
}

function takePast({ last_id, reset, transitions }) {
  const all = new Map(reset || last_id < last ? [] : past);
  for (const one of transitions) all.set(one.id, one);
  past = new Map([...all].slice(-MOST_PAST));
  last = last_id;
}

function forget() {
  stats = {};
  targets = null;
  past = new Map();
  last = 0;
  stream.abort();
}

/** The document, which shows whether anybody is there; targets; the rest unless it streams in. */
async function refresh() {
  await read('health?verbose&format=json', takeHealth);
  const may = await Promise.all([
    !health.targets || readTargets(),
    live || read('stats?verbose', takeStats),
    live || read(`health/history?after=${last}`, told => live || takePast(told)),
  ]);
  if (!may.every(Boolean) && !denied) forget();
  denied = !may.every(Boolean);
  fill($('refused'), denied && token && 'This token was refused.');
}

/** Server-sent events, by `fetch` since an EventSource sends no token. Ends when they do. */
async function listen(signal) {
  const asking = { ...headers('text/event-stream'), 'Last-Event-ID': last };
  const answer = await fetch(HOME + 'health/events?verbose', { headers: asking, signal });
  if (!answer.ok) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (text + value).split('\n\n');
    text = events.pop();
    for (const event of events) {
      const { event: name, data, retry } = Object.fromEntries(event.split('\n').map(line => line.split(/: (.*)/s, 2)));
      if (retry) pause = +retry;
      takers[name]?.(JSON.parse(data));
      if (name === 'transition' || name === 'stats') hurry();
    }
    heard = Date.now();
    live = true;
    show();
  }
}

const takers = {
  reset: () => takePast({ last_id: 0, reset: true, transitions: [] }),
  transition: one => takePast({ last_id: one.id, transitions: [one] }),
  snapshot: takeHealth,
  stats: takeStats,
};

/** What streams in may be about a target. */
function hurry() {
  if (!health.targets || soon) return;
  soon = setTimeout(() => {
    soon = null;
    wake();
  }, SOON);
}

const backOff = failures => Math.min(LONGEST_PAUSE, 500 * 2 ** failures) * (0.75 + Math.random() / 2);
let stream = new AbortController(), isStreaming = false, brief = 0, resumeAt = 0, pause = 0, wake, soon;

async function follow() {
  const begin = Date.now();
  stream = new AbortController();
  isStreaming = true;
  await listen(stream.signal).catch(() => {});
  isStreaming = live = false;
  // One that did not last was refused, or given to somebody else: do not fight for it.
  brief = Date.now() - begin > LONGEST_PAUSE ? 0 : brief + 1;
  resumeAt = Date.now() + Math.max(backOff(brief), pause);
  wake();
}

async function run() {
  for (let failures = 0; ; ) {
    try {
      await refresh();
      heard = Date.now();
      failures = 0;
      if (!isStreaming && heard >= resumeAt) follow();
    } catch {
      failures += 1;
      stream.abort();
    }
    lost = failures > 0;
    show();
    await new Promise(done => setTimeout(wake = done, failures ? backOff(failures) : POLL));
  }
}

$('access').addEventListener('submit', event => {
  event.preventDefault();
  token = $('token').value;
  sessionStorage.token = token;
  resumeAt = 0;
  wake?.();
});
for (const it of ['online', 'visibilitychange']) addEventListener(it, () => wake?.());

show();
run();
