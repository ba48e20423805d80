
// What is shown here was written by others: it is inserted as text, never as markup.
// The endpoint's clock counts, not the viewer's.

// Any prefix works. A server that mounts the endpoint at `/ops` may show the page there: no slash at the end.
const HOME = location.pathname.replace(/\/(healthz?|targets\/[^/]+\/?)?$/, '') + '/';
for (const a of document.links) a.href = HOME + a.getAttribute('href');

const POLL = 3000, SOON = 250, PATIENCE = 10000, LONGEST_PAUSE = 15000, MOST_PAST = 256, MOST_SHOWN = 100;
// What is known.
let health = null, stats = {}, past = new Map(), shown, last = 0;
// When it came, in milliseconds of the viewer's clock, and what the endpoint's is ahead of that.
let heard = Date.now(), skew = 0, lost = false, live = false;
let token = sessionStorage.token, denied = false, isNeeded = false;

setInterval(() => {
  for (const node of document.querySelectorAll('time')) fill(node, passed(Date.parse(node.dateTime), node.className));
}, 1000);

// What is shown

function show() {
  const down = targets && !lost && health.phase === 'running' && downs(), isOne = view && one && !lost;
  const status = lost ? 'lost' : isOne ? one.paused ? 'inactive' : one.status : down ? 'unhealthy' : health?.status ?? root.dataset.status;
  const whole = lost ? 'no answer' : down ? `${down.count} of ${down.total} targets ${down.count > 1 ? 'are' : 'is'} down` : health?.status ?? root.dataset.status;
  const word = lost || !view ? whole : `${view} is ${isOne ? one.paused ? 'paused' : one.status : 'not known'}`, mark = MARKS[status] ?? '';
  const service = health?.service ?? location.host;
  root.dataset.status = status;
  root.classList.toggle('lost', lost);
  document.title = `${mark} ${word} · ${service}`;
  const image = icon(mark);
  if ($('icon').href !== image) $('icon').href = image;
  fill($('mark'), mark);
  fill($('word'), word);
  // A name is written as it is.
  $('word').className = view ? 'name' : '';
  fill($('summary'), lost ? `${service} has not answered since ${at(heard)}. ` : '', isOne ? ofTarget() : view ? '' : summary(down));
  fill($('link'), lost ? 'trying again' : live ? 'live' : 'asking every few seconds');
  $('link').dataset.status = lost ? 'down' : live ? 'up' : 'unknown';
  $('access').hidden = !denied && !isNeeded;
  if (!health) return;
  fill($('service'), service);
  fill($('version'), health.version);
  fill($('facts'), view ? [] : facts());
  showTarget();
  showReplicas();
  showTargets();
  // A group that is shown with its targets is not shown once more, and neither are its numbers.
  const isGroup = it => groups.some(([name]) => name === it);
  list('parts', parts().filter(it => !isGroup(it.name)).map(part));
  list('stats', Object.entries(stats).filter(([name]) => !isGroup(name)).map(stat));
  const all = [...past.values(), ...turns.values()];
  if (shown !== all.length + ' ' + last) {
    shown = all.length + ' ' + last;
    list('past', together(all.sort((a, b) => a.time < b.time ? 1 : -1)).slice(0, MOST_SHOWN).map(transition));
  }
  for (const id of ['groups', 'parts', 'stats', 'past']) $(id).parentNode.hidden = !!view || !$(id).firstChild;
}

function icon(mark) {
  const style = getComputedStyle(root);
  const [tone, card] = ['--tone', '--card'].map(name => style.getPropertyValue(name));
  return 'data:image/svg+xml,' + encodeURIComponent(
    `<svg xmlns="${SVG}" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="${tone}"/>` +
    `<text x="8" y="12" font-family="sans-serif" font-size="12" text-anchor="middle" fill="${card}">${mark}</text></svg>`);
}

function summary(down) {
  if (!health) return '';
  if (lost) return `It was ${health.status} then; below is what it said last.`;
  if (health.phase === 'draining') return 'It finishes its work and takes on nothing new.';
  const because = parts().filter(({ status, name }) => status !== 'healthy' && status !== 'up' && !(down && groups.some(it => it[0] === name))).map(reason);
  if (because.length > 3) because.splice(2, 1 / 0, `${because.length - 2} more`);
  if (down) return [h('strong', {}, down.names), because.length ? `. ${health.service}: ${because.join('; ')}.` : `. ${health.service} itself is well.`];
  if (because.length) return because.join('; ');
  const { total, healthy } = health.targets ?? {};
  if (health.status === 'healthy') {
    const others = targets ? ORDER.map(it => countsOf(targets)[it] > 0 && `${countsOf(targets)[it]} ${spoken(it)}`) : [];
    return healthy < total ? `It is well; ${healthy} of ${total} targets are` + (others.some(Boolean) ? `: ${join(others)}.` : '.') : 'All is well.';
  }
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
    'Failures in a row': health.targets ? null : health.consecutive_failures || null,
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

function transition({ time, what, name = 'daemon', from, to, message }) {
  return h('li', { 'data-status': to },
    h('div', {},
      name && [h('strong', {}, what === 'target' ? link(name) : name), ' '], h('small', {}, what), ` ${from ? from + ' ' : ''}→ `, h('span', { class: 'status' }, spoken(to))),
    h('small', {}, at(time), ', ', since(time)),
    message && h('p', {}, message));
}

// What is asked

/** Asks for a document and takes it. False if it is kept back; throws if there is no sensible answer. */
async function read(path, take, missing) {
  const answer = await fetch(HOME + path, { headers: headers('application/json'), signal: AbortSignal.timeout(PATIENCE) });
  if ([401, 403].includes(answer.status)) return false;
  if (answer.status === 404 && missing) {
    await missing();
    return true;
  }
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
  known = new Map();
  groups = [];
  turns = new Map();
  past = new Map();
  last = 0;
  stream.abort();
}

/** The document, which shows whether anybody is there; targets; the rest unless it streams in. */
async function refresh() {
  await read('health?verbose&format=json', takeHealth);
  const may = await Promise.all([
    !health.targets || (view ? readTarget() : readTargets()),
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
  isNeeded = false;
  resumeAt = 0;
  wake?.();
});
for (const it of ['online', 'visibilitychange']) addEventListener(it, () => wake?.());

readView();
readFilter();
show();
run();
