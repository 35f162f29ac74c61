/** The contract of the store on DynamoDB Local, which is stricter than the embedded table and nearer to AWS. */
import { createStore } from '../../functions/store/table.ts';
import { startDynamodbLocal } from '../fixtures/dynamodb-local/start.ts';
import { describeStore } from '../functions/store/contract.ts';

describeStore('DynamoDB Local', async (onChange) => {
  const server = await startDynamodbLocal();
  return { store: createStore({ ...server, onChange }), close: server.stop };
});
