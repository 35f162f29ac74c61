/** Follows the logs of several containers at once, and hands their lines to the page no faster than a person reads. It keeps no more than `LINES_MAX` of them. */
import { useEffect, useRef, useState } from 'react';
import type { ApiClient } from '../client/client.ts';
import { followLog, type PodAt, tokenFor } from './cluster-stream.ts';
import { type KeptLines, NO_LINES, withEnd, withText } from './view/log-lines.ts';

const SHOW_MS = 150;

export interface Wanted {
  /** What its lines are marked with. */
  readonly source: string;
  readonly at: PodAt;
}

export interface Following {
  readonly kept: KeptLines;
  readonly isOn: boolean;
  /** By source: why it is not followed any more. */
  readonly faults: Readonly<Record<string, string>>;
  readonly start: (wanted: readonly Wanted[], tail: number) => void;
  readonly stop: () => void;
  readonly clear: () => void;
}

export function useFollowing(api: ApiClient): Following {
  const [kept, setKept] = useState(NO_LINES);
  const [faults, setFaults] = useState<Readonly<Record<string, string>>>({});
  const [running, setRunning] = useState<AbortController>();
  const newest = useRef(NO_LINES);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const change = (next: KeptLines) => {
    newest.current = next;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setKept(newest.current);
    }, SHOW_MS);
  };
  useEffect(() => () => running?.abort(), [running]);
  const start = (wanted: readonly Wanted[], tail: number) => {
    const stopping = new AbortController();
    change(NO_LINES);
    setFaults({});
    setRunning(stopping);
    const each = wanted.map(async ({ source, at }) => {
      try {
        const onText = (text: string) => change(withText(newest.current, source, text));
        const token = await tokenFor(api, at);
        await followLog(at, { tail, token, signal: stopping.signal, onText });
      } catch (cause) {
        const said = cause instanceof Error ? cause.message : String(cause);
        if (!stopping.signal.aborted) setFaults((before) => ({ ...before, [source]: said }));
      }
      change(withEnd(newest.current, source));
    });
    void Promise.all(each).then(() => setRunning((now) => (now === stopping ? undefined : now)));
  };
  return {
    kept,
    faults,
    isOn: running !== undefined,
    start,
    stop: () => setRunning(undefined),
    clear: () => change({ ...newest.current, lines: [], dropped: 0 }),
  };
}
