// Lies about the API, each planted in its description: what a check is worth shows in whether it finds
// them. `seenByPrism` is false of those that the proxy is known to let pass.

export const lies = [
  {
    name: 'a status that orders have is not described',
    request: { method: 'GET', target: '/api/v1/orders?limit=1' },
    seenByPrism: true,
    plant: ({ components }) => {
      components.schemas.Order.properties.status = { enum: ['Waiting'] };
    },
  },
  {
    name: 'what may be null is described as a text',
    request: { method: 'GET', target: '/api/v1/orders/lies' },
    seenByPrism: true,
    plant: ({ components }) => {
      components.schemas.WholeOrder.properties.worker = { type: 'string' };
    },
  },
  {
    name: 'a time is described as something else',
    request: {
      method: 'POST',
      target: '/api/v1/orders/batch',
      body: { orders: [{ order_id: 'lies', priority: 'High' }] },
    },
    seenByPrism: true,
    plant: ({ components }) => {
      const [created, duplicate] = components.schemas.BatchResults.properties.results.items.oneOf;
      for (const result of [created, duplicate])
        result.properties.order_id = { type: 'string', format: 'email' };
    },
  },
  {
    name: 'a header is required that is not sent',
    request: { method: 'GET', target: '/api/v1/report' },
    seenByPrism: true,
    plant: ({ paths }) => {
      paths['/api/v1/report'].get.responses['200'].headers = {
        ETag: { required: true, schema: { type: 'string' } },
      };
    },
  },
  {
    name: 'a field is not described',
    request: { method: 'GET', target: '/readyz' },
    seenByPrism: true,
    plant: ({ paths }) => {
      const { schema } = paths['/readyz'].get.responses['200'].content['application/json'];
      schema.properties = {};
      delete schema.required;
    },
  },
  {
    name: 'a type of problem is not described',
    request: { method: 'GET', target: '/api/v1/orders/lies?wait_seconds=never' },
    seenByPrism: true,
    plant: ({ components }) => {
      components.responses.BadQuery.content['application/problem+json'].schema.allOf[1].properties.type.enum =
        ['urn:none'];
    },
  },
  {
    name: 'a status code is not described',
    request: { method: 'GET', target: '/api/v1/orders/nobody' },
    seenByPrism: true,
    plant: ({ paths }) => {
      delete paths['/api/v1/orders/{order_id}'].get.responses['404'];
    },
  },
  {
    name: 'answers are described as another media type',
    request: { method: 'GET', target: '/livez' },
    seenByPrism: false,
    plant: ({ paths }) => {
      const answer = paths['/livez'].get.responses['200'];
      answer.content = { 'application/problem+json': answer.content['application/json'] };
    },
  },
  {
    name: 'a path is not described',
    request: { method: 'GET', target: '/openapi.yaml' },
    seenByPrism: true,
    plant: ({ paths }) => {
      delete paths['/openapi.yaml'];
    },
  },
];
