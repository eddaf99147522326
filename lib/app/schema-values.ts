import { z } from 'zod';
import { parseDuration, parseSize } from './units.ts';

export const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const parsed = typeof value === 'number' ? value : parseDuration(value);
  if (parsed !== undefined && parsed >= 0) return parsed;
  context.addIssue({ code: 'custom', message: 'must be a duration such as 30s, 12h or 30d' });
  return z.NEVER;
});

export const size = z.union([z.string(), z.number()]).transform((value, context) => {
  const parsed = typeof value === 'number' ? value : parseSize(value);
  if (parsed !== undefined && parsed >= 0) return parsed;
  context.addIssue({ code: 'custom', message: 'must be a size such as 64KiB or 10GiB' });
  return z.NEVER;
});

/** A duration within bounds. */
export const lifetime = (least: string, most: string) =>
  duration.refine((ms) => ms >= (parseDuration(least) ?? 0) && ms <= (parseDuration(most) ?? 0), {
    message: `must be a duration from ${least} to ${most}`,
  });

export const count = (least: number, most: number) =>
  z.coerce.number().int().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`);

export const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
  message: 'must be an origin such as https://files.example.org, without a path',
});

export const optionalText = z.string().min(1).nullable();
