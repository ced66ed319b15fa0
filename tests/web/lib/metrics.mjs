// /metrics, read as Prometheus reads it.

// { "name{label="x"}": value }; throws on a line that the text format rules out.
export function parseMetrics(text) {
  const values = new Map();
  const kinds = new Map();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    if (comment !== null) {
      if (comment[1] === 'TYPE') kinds.set(comment[2], comment[3]);
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)( \d+)?$/.exec(line);
    if (sample === null) throw new Error(`not a line of metrics: ${line}`);
    const value = sample[3] === '+Inf' ? Infinity : Number(sample[3]);
    if (Number.isNaN(value) && sample[3] !== 'NaN') throw new Error(`not a number: ${line}`);
    values.set(sample[1] + (sample[2] ?? ''), value);
  }
  return { values, kinds };
}

// What /metrics of a server says.
export async function metricsOf(server, fetch) {
  const answer = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${server.token}` } });
  if (answer.status !== 200) throw new Error(`/metrics answers ${answer.status}`);
  return parseMetrics(await answer.text());
}

// The sum of a metric over its labels.
export function total(metrics, name) {
  let sum = 0;
  let found = false;
  for (const [key, value] of metrics.values) {
    if (key === name || key.startsWith(`${name}{`)) {
      sum += value;
      found = true;
    }
  }
  if (!found) throw new Error(`there is no metric ${name}`);
  return sum;
}
