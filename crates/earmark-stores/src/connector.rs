//! Lets object_store send its requests by our client.

use crate::retrying_client::RetryingClient;
use async_trait::async_trait;
use http_body_util::BodyExt;
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use std::sync::Arc;
use ureq::http::Request;

/// Sends by our client, on the thread that asks.
#[derive(Clone, Debug)]
pub(crate) struct Connector(pub Arc<RetryingClient>);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let answer = self.0.send(&Request::from_parts(parts, body));
        // It was sent again already as often as it may be.
        let answer = answer.map_err(|failure| HttpError::new(HttpErrorKind::Unknown, failure))?;
        Ok(answer.map(HttpResponseBody::from))
    }
}
