// What the page takes from the metrics, which are there for Prometheus: how long orders wait and commits
// take, as quantiles of the last minute, and what the store takes up.

// The samples of each name: [{labels: "{...}" or "", value}].
export function parse(text) {
  const samples = new Map();
  for (const line of text.split("\n")) {
    const parts = /^([a-z_]+)(\{.*\})? (\S+)$/.exec(line);
    if (!parts) continue;
    const [, name, labels = "", value] = parts;
    if (!samples.has(name)) samples.set(name, []);
    samples.get(name).push({labels, value: Number(value.replace("+Inf", "Infinity"))});
  }
  return samples;
}

// The sum over all label values; null if there is no such sample.
export function sumOf(samples, name) {
  return samples.get(name)?.reduce((sum, {value}) => sum + value, 0) ?? null;
}

function buckets(samples, name) {
  const counts = new Map();
  for (const {labels, value} of samples.get(`${name}_bucket`) ?? []) {
    const bound = /le="([^"]+)"/.exec(labels)?.[1].replace("+Inf", "Infinity");
    counts.set(Number(bound), (counts.get(Number(bound)) ?? 0) + value);
  }
  return [...counts].sort(([one], [other]) => one - other);
}

// Of what was observed in between: as Prometheus estimates it. Null if that was nothing.
export function quantile(share, before, after, name) {
  const old = new Map(buckets(before, name));
  const grown = buckets(after, name).map(([bound, count]) => [bound, count - (old.get(bound) ?? 0)]);
  const total = grown.at(-1)?.[1] ?? 0;
  if (!(total > 0)) return null;
  const rank = share * total;
  const at = grown.findIndex(([, count]) => count >= rank);
  const [lower, below] = at === 0 ? [0, 0] : grown[at - 1];
  const [upper, count] = grown[at];
  return upper === Infinity ? lower : lower + (upper - lower) * (rank - below) / (count - below);
}
