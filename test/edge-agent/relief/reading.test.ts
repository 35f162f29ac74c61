/** Requests as they are read: paths, queries, selectors, forms, and what version each read needs. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formOf } from '../../../edge-agent/relief/accept.ts';
import { parseListOptions } from '../../../edge-agent/relief/list-options.ts';
import { listLimit, listNeed, watchStart } from '../../../edge-agent/relief/need.ts';
import { askedOf, questionOf } from '../../../edge-agent/relief/question.ts';
import { requestInfoOf } from '../../../edge-agent/relief/request-info.ts';
import {
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
} from '../../../edge-agent/relief/selectors.ts';

const plain = { isWatch: false, selectedName: '' };

describe('a path', () => {
  test.each([
    ['/api/v1/pods', ['', 'v1', 'pods', '', '', '', 'list']],
    ['/api/v1/namespaces/a/pods', ['', 'v1', 'pods', 'a', '', '', 'list']],
    ['/api/v1/namespaces/a/pods/b', ['', 'v1', 'pods', 'a', 'b', '', 'get']],
    ['/api/v1/namespaces/a/pods/b/log', ['', 'v1', 'pods', 'a', 'b', 'log', 'get']],
    ['/api/v1/namespaces', ['', 'v1', 'namespaces', '', '', '', 'list']],
    ['/api/v1/namespaces/a', ['', 'v1', 'namespaces', 'a', 'a', '', 'get']],
    ['/api/v1/namespaces/a/status', ['', 'v1', 'namespaces', 'a', 'a', 'status', 'get']],
    ['/apis/apps/v1/namespaces/a/deployments/b', ['apps', 'v1', 'deployments', 'a', 'b', '', 'get']],
    ['/apis/apps/v1/deployments', ['apps', 'v1', 'deployments', '', '', '', 'list']],
    ['/api/v1/nodes/b/status', ['', 'v1', 'nodes', '', 'b', 'status', 'get']],
  ])('%s is read as the API server reads it', (path, expected) => {
    const info = requestInfoOf('GET', path, plain);
    expect(
      info === undefined
        ? undefined
        : [info.group, info.version, info.resource, info.namespace, info.name, info.subresource, info.verb],
    ).toEqual(expected);
  });

  test.each([
    '/version',
    '/api',
    '/apis/apps',
    '/apis/apps/v1',
    '/api/v1/watch/pods',
    '/api/v1/pods/',
    '/api/v1//pods',
    '/api/v1/namespaces/a/pods/b/c/d',
    '/api/v1/%zz',
  ])('%s is nothing that can be kept', (path) => {
    expect(requestInfoOf('GET', path, plain)).toBeUndefined();
  });

  test('a list of one name is, to authorization, about that name', () => {
    const question = questionOf({
      method: 'GET',
      path: '/api/v1/pods',
      query: 'fieldSelector=metadata.name%3Dx&watch=1',
      accept: undefined,
      program: '',
    });
    expect(question?.info).toMatchObject({ verb: 'watch', name: 'x' });
  });
});

describe('a query', () => {
  test.each([
    'limit=-1',
    'limit=1&limit=2',
    'pretty=true',
    'resourceVersion=abc',
    'resourceVersionMatch=NotOlderThan',
    'resourceVersion=0&resourceVersionMatch=Exact',
    'resourceVersion=1&resourceVersionMatch=Sometimes',
    'continue=x&resourceVersion=1',
    'sendInitialEvents=true',
    'watch=true&sendInitialEvents=true',
    'watch=true&resourceVersion=1&resourceVersionMatch=NotOlderThan',
    'labelSelector=a%3D%3D%3Db',
    'labelSelector=a+in+b',
    'fieldSelector=a',
    'fieldSelector=metadata.name%3D%5C%2C',
    'limit=%zz',
  ])('%s is left to the server to judge', (query) => {
    expect(parseListOptions(query)).toBeUndefined();
  });

  test.each([
    ['', { kind: 'fresh' }],
    ['limit=5', { kind: 'fresh' }],
    ['resourceVersion=0', { kind: 'any' }],
    ['resourceVersion=0&limit=5', { kind: 'any' }],
    ['resourceVersion=7', { kind: 'not_older', version: 7 }],
    ['resourceVersion=7&limit=5', { kind: 'exact', version: 7 }],
    ['resourceVersion=7&limit=5&resourceVersionMatch=NotOlderThan', { kind: 'not_older', version: 7 }],
    ['resourceVersion=7&resourceVersionMatch=Exact', { kind: 'exact', version: 7 }],
    ['continue=abc&limit=5', { kind: 'page', token: 'abc' }],
  ])('a list of %s needs what the page on resource versions says', (query, need) => {
    const options = parseListOptions(query);
    expect(options === undefined ? undefined : listNeed(options)).toEqual(need);
  });

  test('a limit is ignored where any version will do', () => {
    const limits = ['limit=5', 'limit=5&resourceVersion=0'].map((query) => {
      const options = parseListOptions(query);
      return options === undefined ? undefined : listLimit(options);
    });
    expect(limits).toEqual([5, 0]);
  });

  test.each([
    ['watch', { kind: 'state', need: { kind: 'fresh' } }],
    ['watch=1&resourceVersion=0', { kind: 'state', need: { kind: 'any' } }],
    ['watch=true&resourceVersion=9', { kind: 'after', version: 9 }],
    [
      'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=9',
      { kind: 'state', need: { kind: 'not_older', version: 9 } },
    ],
    [
      'watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=0',
      { kind: 'upstream' },
    ],
  ])('a watch of %s starts where the page says', (query, start) => {
    const options = parseListOptions(query);
    expect(options === undefined ? undefined : watchStart(options)).toEqual(start);
  });
});

describe('selectors', () => {
  const labels = { app: 'web', tier: 'front', index: '5', 'isthmus.dev/x': '' };
  test.each([
    ['', true],
    ['app', true],
    ['!app', false],
    ['!none', true],
    ['app=web', true],
    ['app==web,tier=front', true],
    ['app!=web', false],
    ['none!=web', true],
    ['app in (a, web)', true],
    ['app notin (a,web)', false],
    ['none notin (a)', true],
    ['index>4', true],
    ['index<5', false],
    ['app>4', false],
    ['isthmus.dev/x=', true],
    ['none=', false],
    [' app = web , tier ', true],
  ])('labels: %s', (text, expected) => {
    const terms = parseLabelSelector(text);
    expect(terms === undefined ? undefined : matchesLabels(terms, labels)).toBe(expected);
  });

  test('a label selector and its negation never both hold, nor both fail', () => {
    const key = fc.constantFrom('app', 'tier', 'none');
    const value = fc.constantFrom('web', 'front', 'x');
    fc.assert(
      fc.property(key, fc.array(value, { minLength: 1, maxLength: 3 }), (name, values) => {
        const [is, not] = ['in', 'notin'].map((word) =>
          matchesLabels(parseLabelSelector(`${name} ${word} (${values.join(',')})`) ?? [], labels),
        );
        return is !== not;
      }),
    );
  });

  test.each([
    ['metadata.name=x', true],
    ['metadata.name!=x', false],
    ['metadata.name==x,spec.nodeName=', true],
    ['spec.nodeName!=', false],
  ])('fields: %s', (text, expected) => {
    const terms = parseFieldSelector(text);
    expect(
      terms === undefined ? undefined : matchesFields(terms, { 'metadata.name': 'x', 'spec.nodeName': '' }),
    ).toBe(expected);
  });
});

describe('the form of an answer', () => {
  test.each([
    [undefined, 'json'],
    ['*/*', 'json'],
    ['application/json', 'json'],
    ['application/json;stream=watch', 'json'],
    ['application/vnd.kubernetes.protobuf,application/json', 'json'],
    ['application/vnd.kubernetes.protobuf', 'shared'],
    ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json', 'table'],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', 'shared'],
    ['application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io', 'shared'],
    ['application/yaml', 'upstream'],
    ['application/yaml;q=0.5,application/json', 'json'],
  ])('%s gives %s', (accept, form) => {
    expect(formOf(accept)).toBe(form);
  });

  test.each([
    ['POST', '/api/v1/pods', '', undefined],
    ['GET', '/api/v1/namespaces/a/pods/b/log', '', undefined],
    ['GET', '/api/v1/pods', 'fieldSelector=spec.hostNetwork%3Dtrue', undefined],
    ['GET', '/api/v1/secrets', '', undefined],
    ['GET', '/api/v1/namespaces/a/secrets', '', 'application/json;as=Table;v=v1;g=meta.k8s.io'],
    ['GET', '/api/v1/events', 'watch=true', 'application/json;as=Table;v=v1;g=meta.k8s.io'],
    [
      'GET',
      '/api/v1/pods',
      'watch=true&allowWatchBookmarks=true',
      'application/json;as=Table;v=v1;g=meta.k8s.io',
    ],
    ['GET', '/api/v1/namespaces/a/pods/b', 'labelSelector=a', undefined],
  ])('%s %s?%s in %s is for the server alone', (method, path, query, accept) => {
    expect(questionOf({ method, path, query, accept, program: 'kubectl/1' })).toBeUndefined();
  });

  test('people with curl get what the server indents for them', () => {
    const raw = { method: 'GET', path: '/api/v1/pods', query: '', accept: '*/*' };
    expect([questionOf({ ...raw, program: 'curl/8' }), questionOf({ ...raw, program: 'x' })?.form]).toEqual([
      undefined,
      'json',
    ]);
  });

  test('any request can be told of', () => {
    expect(
      [
        { method: 'GET', path: '/version', query: '' },
        { method: 'DELETE', path: '/api/v1/namespaces/a/pods/b', query: '' },
        { method: 'GET', path: '/apis/apps/v1/deployments', query: 'watch=true&resourceVersion=3' },
        { method: 'GET', path: '/api/v1/namespaces/a/pods/b/log', query: 'limit=1' },
      ].map(askedOf),
    ).toEqual([
      { verb: 'get', resource: '/version', isFresh: true, hasLimit: false },
      { verb: 'delete', resource: 'pods', isFresh: true, hasLimit: false },
      { verb: 'watch', resource: 'deployments.apps', isFresh: false, hasLimit: false },
      { verb: 'get', resource: 'pods/log', isFresh: true, hasLimit: true },
    ]);
  });
});
