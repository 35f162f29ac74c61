/** Asks for an API key or sends people to a provider, and says so when the API did not take what it was brought. */
import { useQueryClient } from '@tanstack/react-query';
import { Button, FieldError, Form, Input, Label, Text, TextField } from 'react-aria-components';
import { Issuers } from './issuers.tsx';
import { useLanguage } from './language.tsx';
import { useSession } from './session.tsx';
import { signInWords } from './view/words-sign-in.ts';

export function SignInScreen() {
  const { refused, signIn } = useSession();
  const { language, words, change } = useLanguage();
  const queries = useQueryClient();
  return (
    <main className="narrow">
      <h1>{words.product}</h1>
      {refused !== undefined && (
        <p role="alert">{refused === 'key' ? words.keyRefused : signInWords(language).ended}</p>
      )}
      <Issuers />
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
