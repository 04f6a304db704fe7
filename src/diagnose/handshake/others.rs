//! Who refused, where neither Node nor Python did: servers and proxies known by their sources, which are named at each.

use super::server::{Shape, Why};

/// What is known of whoever gives a response of this shape.
pub(super) fn why(shape: &Shape<'_>) -> Option<Why> {
    action_cable(shape).or_else(|| gorilla(shape)).or_else(|| envoy(shape))
}

/// `respond_to_invalid_request` in rails/rails, actioncable/lib/action_cable/connection/base.rb: the one refusal that it has.
fn action_cable(shape: &Shape<'_>) -> Option<Why> {
    let is_it = shape.status() == 404 && shape.body().trim() == "Page not found" && shape.is_plain_text();
    is_it.then_some((
        "most likely Rails' Action Cable, which has one refusal for all: the page's origin is not in \
         config.action_cable.allowed_request_origins, or Upgrade was lost on the way",
        "config.action_cable.allowed_request_origins = [\"http://localhost:3000\"] with the page's origin; Rails' log says \
         \"Request origin not allowed\" or \"Failed to upgrade to WebSocket\"",
    ))
}

/// `returnError` in gorilla/websocket, server.go: the version, and what Go's http.Error adds. 403 is CheckOrigin's alone.
fn gorilla(shape: &Shape<'_>) -> Option<Why> {
    let names = shape.names();
    let has = |name: &str| names.iter().any(|other| other == name);
    let is_it = shape.status() == 403 && has("Sec-Websocket-Version") && has("X-Content-Type-Options");
    is_it.then_some((
        "gorilla/websocket in Go: CheckOrigin says no to the page's origin; by default it takes the server's own alone",
        "websocket.Upgrader{CheckOrigin: func(r *http.Request) bool { return r.Header.Get(\"Origin\") == \
         \"http://localhost:3000\" }} with the page's origin",
    ))
}

/// The local reply of Envoy's router (test/extensions/filters/http/grpc_web in envoyproxy/envoy has its sentences).
fn envoy(shape: &Shape<'_>) -> Option<Why> {
    let says = |words: &str| shape.lower().contains(words);
    if !says("upstream connect error or disconnect/reset before headers") {
        return None;
    }
    Some(if says("connection failure") {
        (
            "Envoy (Istio) could not connect to the server behind it: nothing listens at the cluster's address, or it expects TLS",
            "start that server, and compare its address, port and TLS with the cluster; Envoy's log says which flag (UF)",
        )
    } else if says("overflow") {
        (
            "Envoy (Istio) turned the connection away: the cluster's circuit breaker is open, as long-lived sockets fill it",
            "raise max_connections and max_requests in circuit_breakers; Istio: connectionPool in the DestinationRule",
        )
    } else {
        (
            "the server behind Envoy (Istio) closed or reset the connection before it answered the handshake",
            "look into that server's log for the exception; see that the route has upgrade_configs: [{ upgrade_type: websocket }]",
        )
    })
}
