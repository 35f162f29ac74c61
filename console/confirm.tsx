/** A button that asks before it does: in a dialog that says what happens, with the way back as the first choice, and with what the API said if it refused. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useId, useRef } from 'react';
import { Button } from 'react-aria-components';
import { refusalWords } from './answer.ts';
import { useLanguage } from './language.tsx';

export interface ConfirmProps {
  /** On the button, and on the one that does it. */
  readonly action: string;
  readonly title: ReactNode;
  /** What happens then. */
  readonly children: ReactNode;
  readonly perform: () => Promise<unknown>;
  /** What to ask for anew after it. */
  readonly changes: readonly (readonly string[])[];
  readonly onDone?: () => void;
}

export function Confirm({ action, title, children, perform, changes, onDone }: ConfirmProps) {
  const { words } = useLanguage();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const change = useChange(perform, changes);
  const confirm = () =>
    change.mutate(undefined, {
      onSuccess: () => {
        dialog.current?.close();
        onDone?.();
      },
    });
  return (
    <>
      <Button
        onPress={() => {
          change.reset();
          dialog.current?.showModal();
        }}
      >
        {action}
      </Button>
      <dialog ref={dialog} aria-labelledby={heading}>
        <h2 id={heading}>{title}</h2>
        <p>{children}</p>
        {change.error !== null && <p role="alert">{refusalWords(change.error, words.conflict)}</p>}
        <div className="choices">
          <Button onPress={() => dialog.current?.close()}>{words.cancel}</Button>
          <Button className="main" isDisabled={change.isPending} onPress={confirm}>
            {action}
          </Button>
        </div>
      </dialog>
    </>
  );
}

export interface ConfirmDeletionProps
  extends Pick<ConfirmProps, 'children' | 'perform' | 'changes' | 'onDone'> {
  /** Asks for it, up to the name. */
  readonly what: string;
  readonly name: string;
}

export function ConfirmDeletion({ what, name, ...rest }: ConfirmDeletionProps) {
  const { words } = useLanguage();
  const title = (
    <>
      {what} <bdi className="name">{name}</bdi>
    </>
  );
  return <Confirm action={words.deleteIt} title={title} {...rest} />;
}

/** A change of something, after which the screens ask anew. */
export function useChange<Input = void, Result = unknown>(
  perform: (input: Input) => Promise<Result>,
  changes: readonly (readonly string[])[],
) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: perform,
    onSettled: () => Promise.all(changes.map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}
