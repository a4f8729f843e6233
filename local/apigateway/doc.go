// Package apigateway is Amazon API Gateway (REST APIs) for the local cloud: it serves what an
// OpenAPI 3.0 document with the x-amazon-apigateway extensions declares.
//
// # What it guarantees
//
// A request passes route, size limit, throttling, Lambda authorizer, request validation and
// integration, and what fails is answered by the gateway response of its type, customised as the
// document says. Events, answers and errors have the shapes of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html,
// api-gateway-lambda-authorizer-input.html and supported-gateway-response-types.html. An API
// serves what was last deployed to its stage, not what its document says by now. An extension, integration type or
// property that is not run stops the deployment.
//
// Request validation checks what API Gateway's important notes
// (api-gateway-known-issues.html) leave: additionalProperties, anyOf, oneOf, minItems, maxItems and
// discriminator of a model are ignored, so a handler must check them itself. A body is checked only when
// its content type has a model. Parameters are checked for presence only.
//
// # What it does not do
//
// Integrations other than aws_proxy (Lambda) and mock, VTL, caching, usage plans, API keys, resource
// policies, canaries, and custom domain names (listed by [Gateway.NotRun]). Access logs are not written.
package apigateway
