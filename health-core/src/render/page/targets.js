// Targets: how others are, as this service's monitor sees them.

const PAGE = 1000, MOST_TARGETS = 20000, SWEEP = 30000, MOST_ROWS = 100, ALL_ROWS = 500, FEW = 40, MOST_RESULTS = 10, EVERY = 'All groups', ALIKE = 60000;
const DOWN = ['deregistered', 'unhealthy'], WELL = ['healthy', 'degraded'];
const isDown = it => DOWN.includes(it.status);

// What was told last; every target by its name, and when all of them were asked for; what of that is shown.
let targets = null, known = new Map(), groups = [], swept = 0, seen;
// What the list is narrowed to: it stands in the address. Groups that somebody has folded or opened, and rows asked for.
let filter = {}, folds = new Map(), rows = new Map();
// The last changes of targets, by name, status and time.
let turns = new Map();
const words = new WeakMap();

/** The worst first: one page tells what is wrong. All pages are read when the counts say that others have changed, and now and then. */
async function readTargets() {
  const fresh = new Map();
  for (let after = '', isDue = true; isDue && after != null;) {
    let told;
    if (!await read(`targets?limit=${PAGE}${after && '&after=' + encodeURIComponent(after)}`, it => told = it)) return false;
    // Asked too often: what is known stands.
    if (!told) return true;
    if (!after) targets = told;
    const before = fresh.size;
    for (const it of told.targets) {
      turn(known.get(it.name), it);
      fresh.set(it.name, it);
      known.set(it.name, it);
    }
    // One that does not advance would be read without end.
    const isLast = !told.next || fresh.size === before || fresh.size >= MOST_TARGETS;
    if (isLast) [known, swept] = [fresh, Date.now()];
    else if (!after) isDue = Date.now() - swept > SWEEP || !isCounted();
    after = isLast ? null : told.next;
    // What comes between the worst and the end changes little of what is seen.
    if (fresh.size > PAGE && !isLast) continue;
    groups = grouped([...known.values()]);
    seen = null;
    show();
  }
  return true;
}

const countsOf = ({ unhealthy = 0, unknown = 0, inactive = 0, deregistered: gone = 0, answers_again: back = 0 }) =>
  ({ deregistered: gone - back, 'answers-again': back, unhealthy, unknown, inactive: inactive - gone });

function tally(list) {
  const counts = {};
  for (const { status } of list) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Whether what is known are as many as there are, of every status. */
function isCounted() {
  const found = tally(known.values());
  return known.size === Math.min(targets.total, MOST_TARGETS) &&
    Object.entries(countsOf(targets)).every(([status, count]) => (found[status] ?? 0) === count);
}

/** A change is known if it was seen, or by when it happened if something is wrong or was just before. */
function turn(before, it) {
  const check = it.checks.find(one => one.status === it.status) ?? it.checks[0], { status } = it;
  const time = status === 'deregistered' ? it.deregistered_at : status === 'answers-again' ? it.answers_since : check?.since;
  const wasIll = check?.results.some(one => one.class === 'failure' && one.counted);
  if (!time || !(before ? before.status !== status || wasIll : wasIll || !WELL.includes(status))) return;
  const key = `${it.name} ${status} ${time}`;
  if (turns.has(key)) return;
  const from = before && before.status !== status && before.status;
  turns.set(key, { time, what: 'target', name: it.name, group: it.group, from, to: status, message: WELL.includes(status) ? '' : check?.last_error });
  if (turns.size > 8 * MOST_PAST) turns = new Map([...turns].sort(([, a], [, b]) => a.time < b.time ? -1 : 1).slice(-MOST_PAST));
}

/** What is written of targets of a group that have changed together is one line. */
function together(all) {
  const found = [];
  for (const it of all) {
    const before = found.at(-1), isAlike = before && ['what', 'group', 'to', 'message'].every(key => before[0][key] === it[key]);
    if (it.what === 'target' && it.group && isAlike && Math.abs(Date.parse(before.at(-1).time) - Date.parse(it.time)) < ALIKE) before.push(it);
    else found.push([it]);
  }
  return found.flatMap(list => list.length < 4 ? list : { ...list[0], what: `${list.length} targets`, name: list[0].group, from: null });
}

/** How many are down, of how many, and which; `null` if that is not known, or none is. */
function downs() {
  if (!targets) return null;
  const { unhealthy, deregistered = 0, answers_again = 0, total } = targets, count = unhealthy + deregistered - answers_again;
  const names = [];
  for (const [name, all] of groups) {
    const down = all.filter(isDown);
    if (name && down.length > 1 && down.length === all.length) names.push([down.length, `all ${all.length} of ${name}`]);
    else names.push(...down.map(it => [1, it.name]));
  }
  const first = names.length > 4 ? names.slice(0, 3) : names, rest = count - first.reduce((sum, [many]) => sum + many, 0);
  return count ? { count, total, names: first.map(it => it[1]).join(', ') + (rest > 0 ? ` and ${rest} more` : '') } : null;
}

/** Targets by their groups: the worst group first, and of equal ones that with the most targets down. */
function grouped(all) {
  const found = new Map();
  for (const it of all) {
    const name = it.group ?? '';
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(it);
  }
  const rank = list => {
    const down = list.filter(isDown).length;
    return [down === list.length && down > 0 ? 0 : 1, -down, Math.min(...list.map(it => ORDER.indexOf(it.status)))];
  };
  const ranked = [...found].map(([name, list]) => ({ name, list, rank: rank(list) }));
  ranked.sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || a.rank[2] - b.rank[2] || byName(a.name, b.name));
  return ranked.map(({ name, list }) => [name, list.sort(worstFirst)]);
}

// What the list is narrowed to

function readFilter() {
  const query = new URLSearchParams(location.search);
  filter = { q: query.get('q') ?? '', status: query.get('status') ?? '', group: query.get('group') ?? '' };
  $('search').value = filter.q;
  seen = null;
}

/** Each choice is a step back; while somebody types there is one for all of it. */
function narrow(change, isStep = true) {
  Object.assign(filter, change);
  const url = new URL(location);
  for (const [name, value] of Object.entries(filter)) value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
  history[isStep ? 'pushState' : 'replaceState'](null, '', url);
  rows.clear();
  seen = null;
  show();
}

function fits(it) {
  const { q, status, group } = filter;
  if (status && it.status !== status || group && it.group !== group) return false;
  if (!q) return true;
  if (!words.has(it)) {
    const labels = Object.entries(it.labels ?? {}).map(pair => pair.join('='));
    words.set(it, [it.name, it.group, ...labels, ...it.checks.flatMap(one => [one.name, one.target, one.last_error])].join('\n').toLowerCase());
  }
  return q.toLowerCase().split(/\s+/).every(word => words.get(it).includes(word));
}

// What is shown

function showTargets() {
  const told = targets ?? health.targets;
  $('to-targets').hidden = !told;
  // Replicas without checks are no targets.
  $('watched').hidden = !!view || !told || (told.groups && !told.total);
  if (!told || told === seen || view) return;
  seen = told;
  const { total, healthy } = told;
  fill($('tally'), healthy + (healthy < total ? ' of ' : '/') + total + ' healthy');
  $('tally').dataset.status = downs() ? 'unhealthy' : healthy < total ? 'unknown' : 'healthy';
  $('mass').hidden = !told.mass_failure;
  $('filter').hidden = !targets || total < 2;
  const all = targets ? [...known.values()] : [], isNarrowed = filter.q || filter.status || filter.group;
  chips(tally(all), groups.map(it => it[0]).sort(byName));
  let places = ALL_ROWS, shown = 0;
  const sections = groups.map(([name, list]) => {
    const fitting = isNarrowed ? list.filter(fits) : list;
    if (!fitting.length) return null;
    shown += fitting.length;
    const isOpen = !name && groups.length === 1
      || (folds.get(name) ?? (!!isNarrowed || all.length <= FEW || groups.length === 1 || !WELL.includes(list[0].status)));
    // A group that was opened because of some shows these.
    const ill = fitting.filter(it => it.status !== 'healthy').length, wanted = folds.has(name) || isNarrowed || all.length <= FEW || !ill ? MOST_ROWS : ill;
    const most = isOpen ? Math.min(rows.get(name) ?? Math.min(wanted, MOST_ROWS, Math.max(places, 0)), fitting.length) : 0;
    places -= most;
    return section(name, list, fitting, isOpen, most, groups.length === 1 && !name);
  });
  // Of hundreds few have changed: the others are not drawn again.
  const old = [...$('targets').children];
  $('targets').replaceChildren(...sections.filter(Boolean).map(it => keep(old.find(one => one.id === it.id), it)));
  const more = total - all.length;
  fill($('rest'), !targets ? denied && 'Which, and why, needs a token.'
    : isNarrowed ? `${shown} of ${all.length} targets` + (shown ? '' : ': none fits')
    : more > 0 && all.length && `${more} more are not loaded; the worst are.`);
}

function chips(counts, names) {
  fill($('chips'), Object.entries(counts).sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b)).map(([status, count]) =>
    h('button', { type: 'button', class: 'chip', 'data-status': status, 'data-chip': status, 'aria-pressed': String(filter.status === status) },
      `${count} ${spoken(status)}`)));
  names = names.filter(Boolean);
  $('group').hidden = names.length < 2;
  fill($('group'), h('option', {}, EVERY), names.map(it => h('option', {}, it)));
  $('group').value = filter.group || EVERY;
}

function section(name, list, fitting, isOpen, most, isAlone) {
  const down = list.filter(isDown).length, good = list.filter(it => WELL.includes(it.status)).length, isDead = down === list.length;
  const status = down ? 'unhealthy' : list[0].status, counts = tally(list);
  const items = h('ul', {});
  items.fresh = fitting.slice(0, most).map(it => [JSON.stringify(it), it]);
  const rest = fitting.length - most;
  const more = isOpen && rest > 0 && h('p', {}, h('button', { type: 'button', class: 'plain', 'data-more': name || ' ', 'data-shown': most }, rest > MOST_ROWS ? `Show ${MOST_ROWS} more of ${rest}` : `Show ${rest} more`));
  const id = `group-${name}`;
  if (isAlone) return h('div', { id, class: 'group' }, items, more);
  const others = ORDER.map(it => counts[it] && !WELL.includes(it) && `${counts[it]} ${spoken(it)}`);
  const head = h('summary', { 'data-fold': name || ' ' },
    h('span', { class: 'status', 'data-status': status }, h('i', { 'aria-hidden': 'true' }, MARKS[status] ?? '·')),
    h('h3', {}, name || 'Without a group'),
    h('span', { class: 'state' }, isDead ? `all ${list.length} down` : down ? `${down} of ${list.length} down` : `${good}/${list.length} healthy`),
    small(others));
  return h('details', { id, class: isDead ? 'group dead' : 'group', 'data-status': status, open: isOpen }, head, items, more);
}

/** Puts what differs into the section that stands there. */
function keep(old, fresh) {
  const find = it => [...it.children].find(one => one.tagName === 'UL'), list = find(fresh);
  const stands = old?.tagName === fresh.tagName ? find(old) : h('ul', {});
  const drawn = new Map([...stands.children].map(it => [it.key, it]));
  stands.replaceChildren(...list.fresh.map(([key, it]) => drawn.get(key) ?? Object.assign(target(it), { key })));
  if (old?.tagName !== fresh.tagName) {
    list.replaceWith(stands);
    return fresh;
  }
  list.replaceWith(stands.cloneNode());
  const parts = [...fresh.childNodes];
  [...old.children].forEach(it => it !== stands && it.tagName !== 'SUMMARY' && it.remove());
  for (const part of parts) {
    if (part.tagName === 'SUMMARY') liken(old.firstElementChild, part);
    else if (part.tagName === 'P') old.append(part);
  }
  for (const name of ['class', 'data-status']) if (fresh.hasAttribute(name)) old.setAttribute(name, fresh.getAttribute(name));
  old.open = fresh.open;
  return old;
}

function target(it) {
  const { name, status, checks, healthy_checks, total_checks } = it, [only] = checks.length < 2 ? checks : [];
  const isWell = WELL.includes(status), check = only ?? checks.find(one => !WELL.includes(one.status)) ?? checks[0];
  const labels = Object.entries(it.labels ?? {}).map(pair => pair.join('='));
  return h('li', { class: status },
    badge(it.paused ? 'paused' : status),
    h('div', { class: 'who' },
      h('strong', {}, link(name)), ' ', it.active === false && button('reactivate', name),
      small([only ? only.target : `${healthy_checks}/${total_checks} checks`, ...labels]),
      only ? because(only) : !isWell && checks.map(one => h('div', { class: 'check' }, badge(one.status), ' ', one.name, ' ', small([one.target]), because(one))),
      quiet(it)),
    h('div', { class: 'series' }, check?.results.length > 0 && [series(check.results.slice(-MOST_RESULTS)), h('small', {}, took(check.results.at(-1)))]),
    h('small', { class: 'when' }, check && when(check)));
}

const link = name => h('a', { href: `${HOME}targets/${encodeURIComponent(name)}`, 'data-here': 'yes' }, name);

function when(check) {
  const turned = check.deregistered_at ?? check.since;
  return [
    turned && h('div', {}, 'for ', since(turned, 'lasts')),
    h('div', {}, check.last_checked_at ? ['checked ', since(check.last_checked_at)] : 'not checked yet')];
}

/** Why a check is not well, as a sentence. A warning is no error. */
function because(check) {
  const last = check.results.at(-1), failures = check.consecutive_failures;
  if (check.status === 'healthy' && (!last || last.class === 'success')) return null;
  const message = last?.class === 'warning' ? last.message : check.last_error;
  return (message || failures > 1 || check.stale) && h('p', { class: 'why' },
    message, ' ', small([failures > 1 && `${failures} failures in a row`, check.stale && 'no news']));
}

/** What somebody wants not to be told, until when, and why. */
function quiet({ paused, silenced }) {
  const by = it => [it.why && `: ${it.why}`, it.by && ` (${it.by})`];
  return [
    paused && h('p', { class: 'quiet' }, h('b', {}, 'Paused'), paused.since && [' since ', at(paused.since)], by(paused)),
    silenced && h('p', { class: 'quiet' }, h('b', {}, 'Silenced'), silenced.until && [' until ', at(silenced.until)], by(silenced))];
}

let typing;
$('search').addEventListener('input', () => {
  narrow({ q: $('search').value.trim() }, !typing);
  clearTimeout(typing);
  typing = setTimeout(() => typing = null, 2000);
});
$('group').addEventListener('change', () => narrow({ group: $('group').selectedIndex ? $('group').value : '' }));
$('filter').addEventListener('submit', event => event.preventDefault());
$('targets').addEventListener('click', event => {
  const head = event.target.closest('[data-fold]'), { more, shown } = event.target.dataset;
  if (head) {
    event.preventDefault();
    folds.set(head.dataset.fold.trim(), !head.parentNode.open);
  } else if (more != null) rows.set(more.trim(), +shown + MOST_ROWS);
  else return;
  seen = null;
  showTargets();
});
$('chips').addEventListener('click', event => {
  const { chip } = event.target.dataset;
  if (chip) narrow({ status: filter.status === chip ? '' : chip });
});
addEventListener('keydown', event => {
  if (event.key !== '/' || view || /INPUT|SELECT/.test(document.activeElement.tagName) || $('ask').open) return;
  event.preventDefault();
  $('search').focus();
});
