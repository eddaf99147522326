import type { Plan, Refusal } from './property-update.ts';
import { propertyName } from './xml-write.ts';

/** `propstat` elements (RFC 4918 §14.22): all 200, or the reasons and 424 for what would have gone well. */
export function propstats(plan: Plan): string {
  if (plan.refused.size === 0) return propstat(plan.names, '200 OK');
  const rest = plan.names.filter((name) => !plan.refused.has(name));
  const reasons = [
    ...Map.groupBy(plan.refused, ([, { status, condition }]) => `${status} ${condition ?? ''}`).values(),
  ];
  const bad = reasons.map((group) => {
    const [, refusal] = group[0] as [string, Refusal];
    return propstat(
      group.map(([name]) => name),
      statusLine[refusal.status],
      refusal.condition,
    );
  });
  return bad.join('') + (rest.length === 0 ? '' : propstat(rest, '424 Failed Dependency'));
}

const statusLine: Readonly<Record<Refusal['status'], string>> = {
  403: '403 Forbidden',
  409: '409 Conflict',
  507: '507 Insufficient Storage',
};

function propstat(names: readonly string[], status: string, condition?: string): string {
  const error = condition === undefined ? '' : `<D:error>${condition}</D:error>`;
  const empty = names.map(propertyName).join('');
  return `<D:propstat><D:prop>${empty}</D:prop><D:status>HTTP/1.1 ${status}</D:status>${error}</D:propstat>`;
}
