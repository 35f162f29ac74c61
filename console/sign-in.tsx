/** Asks for an API key, and says so when the API did not take it. */
import { useQueryClient } from '@tanstack/react-query';
import { Button, FieldError, Form, Input, Label, Text, TextField } from 'react-aria-components';
import { useLanguage } from './language.tsx';
import { useSession } from './session.tsx';

export function SignInScreen() {
  const { refused, signIn } = useSession();
  const { language, words, change } = useLanguage();
  const queries = useQueryClient();
  return (
    <main className="narrow">
      <h1>{words.product}</h1>
      {refused && <p role="alert">{words.keyRefused}</p>}
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          const key = new FormData(event.currentTarget).get('key');
          queries.clear();
          if (typeof key === 'string') signIn(key.trim());
        }}
      >
        <TextField name="key" type="password" isRequired autoComplete="off">
          <Label>{words.key}</Label>
          <Input />
          <Text slot="description">{words.keyHint}</Text>
          <FieldError />
        </TextField>
        <Button type="submit" className="main">
          {words.signIn}
        </Button>
      </Form>
      <Button onPress={() => change(language === 'en' ? 'zh' : 'en')}>{words.language}</Button>
    </main>
  );
}
