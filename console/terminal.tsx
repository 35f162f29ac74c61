/** A terminal in a container of an app. What is typed goes to the container, and nowhere else; leaving the page ends the session. */
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { Button, Form, Input, Label, Text, TextField } from 'react-aria-components';
import type { ApiClient } from '../client/client.ts';
import { AppHead, ChooseContainer, namespaceOf, Reached } from './app-pod.tsx';
import { inputMessage, readMessage, resizeMessage } from './channel.ts';
import { openSession, type PodAt, tokenFor, whyNot } from './cluster-stream.ts';
import { useLanguage } from './language.tsx';
import { useSearch } from './navigation.tsx';
import { useSession } from './session.tsx';
import { avoidInlineStyles } from './terminal-document.ts';

const SCROLLBACK_LINES_MAX = 5_000;
const COMMAND = 'sh';
/** Dark on every page, as programs expect. */
const THEME = { background: '#14171c', foreground: '#e4e8ee', cursor: '#e4e8ee' };

export function TerminalScreen({ tenant, name }: { readonly tenant: string; readonly name: string }) {
  const { words } = useLanguage();
  const search = useSearch();
  const [cluster, container] = [search.get('cluster'), search.get('container')];
  return (
    <AppHead tenant={tenant} name={name} title={words.terminal}>
      {(app) =>
        cluster === null || container === null ? (
          <ChooseContainer app={app} kind="terminal" />
        ) : (
          <Reached key={`${cluster}/${container}`} tenant={tenant} cluster={cluster}>
            {(host) => <Shell pod={{ tenant, cluster, host, namespace: namespaceOf(app), pod: container }} />}
          </Reached>
        )
      }
    </AppHead>
  );
}

type State =
  | { readonly kind: 'closed' | 'connecting' | 'connected' }
  | { readonly kind: 'ended'; readonly code: number | undefined; readonly detail: string }
  | { readonly kind: 'broken' }
  | { readonly kind: 'failed'; readonly detail: string; readonly isUnreached: boolean };

function Shell({ pod }: { readonly pod: PodAt }) {
  const { words } = useLanguage();
  const { api } = useSession();
  const [state, setState] = useState<State>({ kind: 'closed' });
  const opener = useRef<HTMLButtonElement>(null);
  const { place, terminal } = useTerminal(() => opener.current?.focus());
  const socket = useRef<WebSocket>(undefined);
  useEffect(() => () => socket.current?.close(), []);
  const open = async (command: string) => {
    const shown = terminal.current;
    if (shown === undefined || isUnderWay(state)) return;
    setState({ kind: 'connecting' });
    shown.reset();
    try {
      socket.current = await begin({ api, pod, command, terminal: shown, onState: setState });
    } catch (cause) {
      setState({ kind: 'failed', detail: textOf(cause), isUnreached: false });
    }
  };
  return (
    <section className="wide">
      <p>
        <bdi className="name">{pod.pod}</bdi> <bdi>{pod.cluster}</bdi>
      </p>
      <ShellForm
        state={state}
        button={opener}
        onOpen={(command) => void open(command)}
        onClose={() => socket.current?.close()}
      />
      <StateWords state={state} host={pod.host} />
      <div className="terminal-place" ref={place} />
      <p>
        <small>{words.terminalHint}</small>
      </p>
    </section>
  );
}

function isUnderWay({ kind }: State): boolean {
  return kind === 'connecting' || kind === 'connected';
}

interface ShellFormProps {
  readonly state: State;
  /** Where the keyboard goes when it leaves the terminal. */
  readonly button: RefObject<HTMLButtonElement | null>;
  readonly onOpen: (command: string) => void;
  readonly onClose: () => void;
}

function ShellForm({ state, button, onOpen, onClose }: ShellFormProps) {
  const { words } = useLanguage();
  const [command, setCommand] = useState(COMMAND);
  const isOpen = isUnderWay(state);
  return (
    <Form
      className="question"
      onSubmit={(event) => {
        event.preventDefault();
        if (command.trim() !== '') onOpen(command);
      }}
    >
      <TextField
        className="field"
        value={command}
        onChange={setCommand}
        isDisabled={isOpen}
        autoComplete="off"
      >
        <Label>{words.command}</Label>
        <Input />
        <Text slot="description">{words.commandHint}</Text>
      </TextField>
      {isOpen ? (
        <Button ref={button} key="close" onPress={onClose}>
          {words.closeIt}
        </Button>
      ) : (
        <Button ref={button} key="open" type="submit" className="main" isDisabled={command.trim() === ''}>
          {state.kind === 'closed' ? words.openTerminal : words.openAgain}
        </Button>
      )}
    </Form>
  );
}

function StateWords({ state, host }: { readonly state: State; readonly host: string }) {
  const { words } = useLanguage();
  switch (state.kind) {
    case 'closed':
      return null;
    case 'connecting':
      return <p role="status">{words.connecting}</p>;
    case 'connected':
      return <p role="status">{words.connected}</p>;
    case 'broken':
      return <p role="alert">{words.brokenOff}</p>;
    case 'ended':
      return (
        <p role="status">
          {words.sessionEnded} {state.code !== undefined && `${words.exitCode} ${state.code}.`}{' '}
          {state.code !== 0 && <bdi>{state.detail}</bdi>}
        </p>
      );
    case 'failed':
      return (
        <p role="alert">
          {state.isUnreached && (
            <>
              {words.notConnected}{' '}
              <a href={`https://${host}/`} target="_blank" rel="noreferrer">
                {words.tryName}
              </a>{' '}
            </>
          )}
          <bdi>{state.detail}</bdi>
        </p>
      );
  }
}

interface TerminalPlace {
  readonly place: RefObject<HTMLDivElement | null>;
  readonly terminal: RefObject<Terminal | undefined>;
}

/** A terminal as large as its place. Tab belongs to the container, so Shift+F6 is the way out by keyboard. */
function useTerminal(leave: () => void): TerminalPlace {
  const place = useRef<HTMLDivElement>(null);
  const terminal = useRef<Terminal>(undefined);
  const leaving = useRef(leave);
  leaving.current = leave;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const asBefore = avoidInlineStyles();
    const made = new Terminal({
      scrollback: SCROLLBACK_LINES_MAX,
      screenReaderMode: true,
      theme: THEME,
      fontFamily: 'ui-monospace, "Noto Sans Mono", monospace',
      fontSize: 13,
    });
    const fit = new FitAddon();
    made.loadAddon(fit);
    made.attachCustomKeyEventHandler((event) => {
      if (event.key !== 'F6' || !event.shiftKey) return true;
      event.preventDefault();
      if (event.type === 'keydown') leaving.current();
      return false;
    });
    made.open(element);
    fit.fit();
    const watch = new ResizeObserver(() => fit.fit());
    watch.observe(element);
    terminal.current = made;
    return () => {
      watch.disconnect();
      made.dispose();
      asBefore();
      terminal.current = undefined;
    };
  }, []);
  return { place, terminal };
}

interface Beginning {
  readonly api: ApiClient;
  readonly pod: PodAt;
  readonly command: string;
  readonly terminal: Terminal;
  readonly onState: (state: State) => void;
}

async function begin({ api, pod, command, terminal, onState }: Beginning): Promise<WebSocket> {
  const token = await tokenFor(api, pod);
  const socket = openSession(pod, token, command.trim().split(/\s+/));
  const seen: { isOpen: boolean; end?: State } = { isOpen: false };
  const send = (bytes: Uint8Array<ArrayBuffer>) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(bytes);
  };
  const listeners = [
    terminal.onData((text) => send(inputMessage(text))),
    terminal.onResize((size) => send(resizeMessage(size))),
  ];
  socket.addEventListener('open', () => {
    seen.isOpen = true;
    onState({ kind: 'connected' });
    send(resizeMessage(terminal));
    terminal.focus();
  });
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (!(data instanceof ArrayBuffer)) return;
    const message = readMessage(new Uint8Array(data));
    if (message.kind === 'output') terminal.write(message.bytes);
    if (message.kind === 'ended') seen.end = { kind: 'ended', code: message.code, detail: message.detail };
  });
  socket.addEventListener('close', ({ wasClean }) => {
    for (const listener of listeners) listener.dispose();
    if (seen.end !== undefined) onState(seen.end);
    else if (seen.isOpen)
      onState(wasClean ? { kind: 'ended', code: undefined, detail: '' } : { kind: 'broken' });
    else void whyNot(pod, token).then((why) => onState({ kind: 'failed', ...why }));
  });
  return socket;
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
