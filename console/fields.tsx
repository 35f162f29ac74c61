/** What forms are made of: fields with their labels and hints, and the way to send them, with what the API said if it refused. What is typed is judged by the API alone. */
import { type FormEvent, type ReactNode, useId } from 'react';
import { Button, FieldError, Input, Label, Text, TextField } from 'react-aria-components';
import { refusalWords } from './answer.ts';
import { useChange } from './confirm.tsx';
import { useLanguage } from './language.tsx';

export interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  /** What it begins with. */
  readonly value?: string;
  readonly example?: string;
  readonly isOptional?: boolean;
}

export function Field({ name, label, hint, value = '', example = '', isOptional = false }: FieldProps) {
  return (
    <TextField className="field" name={name} defaultValue={value} isRequired={!isOptional} autoComplete="off">
      <Label>{label}</Label>
      <Input placeholder={example} />
      {hint !== undefined && <Text slot="description">{hint}</Text>}
      <FieldError />
    </TextField>
  );
}

export interface Option {
  readonly value: string;
  readonly text: string;
  /** Options of one group stand together under it. */
  readonly group?: string;
}

export interface ChoiceFieldProps {
  readonly isOptional?: boolean;
  readonly name: string;
  readonly label: string;
  readonly options: readonly Option[];
  readonly value?: string | undefined;
}

export function ChoiceField({ name, label, options, value, isOptional = false }: ChoiceFieldProps) {
  const id = useId();
  const groups = [...new Set(options.map(({ group }) => group))];
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} name={name} defaultValue={value} required={!isOptional}>
        {groups.map((group) => {
          const own = options.filter((option) => option.group === group);
          return group === undefined ? (
            <Options key="" options={own} />
          ) : (
            <optgroup key={group} label={group}>
              <Options options={own} />
            </optgroup>
          );
        })}
      </select>
    </div>
  );
}

function Options({ options }: { readonly options: readonly Option[] }) {
  return options.map(({ value, text }) => (
    <option key={value} value={value}>
      {text}
    </option>
  ));
}

export interface EditorProps<Result> {
  /** On the button. */
  readonly action: string;
  readonly perform: (form: FormData) => Promise<Result>;
  /** What to ask for anew after it. */
  readonly changes: readonly (readonly string[])[];
  /** `form` is as it was sent. */
  readonly onDone?: (result: Result, form: HTMLFormElement) => void;
  /** As often as something in it was changed. */
  readonly onInput?: (form: FormData) => void;
  readonly isUnchanged?: boolean;
  readonly children: ReactNode;
  /** What else may be done, beside the button. */
  readonly beside?: ReactNode;
  readonly className?: string;
}

export function Editor<Result>(props: EditorProps<Result>) {
  const {
    action,
    perform,
    changes,
    onDone,
    onInput,
    isUnchanged = false,
    children,
    beside,
    className = 'form',
  } = props;
  const { words } = useLanguage();
  const change = useChange(perform, changes);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    change.mutate(new FormData(form), { onSuccess: (result) => onDone?.(result, form) });
  };
  return (
    <form
      onSubmit={submit}
      onChange={(event) => onInput?.(new FormData(event.currentTarget))}
      className={className}
    >
      {children}
      {change.error !== null && <p role="alert">{refusalWords(change.error, words.conflict)}</p>}
      <div className="choices">
        <Button type="submit" className="main" isDisabled={change.isPending || isUnchanged}>
          {action}
        </Button>
        {beside}
      </div>
    </form>
  );
}
