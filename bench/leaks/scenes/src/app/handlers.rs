//! Ten handlers.

use serde_json::{Value, json};

use super::http::Request;
use super::{Services, jobs::Job};

pub(super) fn dispatch(services: &Services, request: &Request, body: &Value) -> Value {
    const ROUTES: [fn(&Services, &Request, &Value) -> Value; 10] =
        [basket, checkout, history, invoice, login, product, profile, search, stock, suggest];
    ROUTES[request.route % ROUTES.len()](services, request, body)
}

fn items(body: &Value) -> &[Value] {
    body["items"].as_array().map_or(&[], Vec::as_slice)
}

fn basket(services: &Services, request: &Request, body: &Value) -> Value {
    services.feature().on_handled(request, "basket");
    services.cache.get_or(request.random().next() % 9000, |size| vec![b'b'; size]);
    let lines: Vec<Value> =
        items(body).iter().map(|item| json!({"sku": item["sku"], "n": item["quantity"]})).collect();
    json!({"basket": lines})
}

fn checkout(services: &Services, request: &Request, body: &Value) -> Value {
    services.feature().on_handled(request, "checkout");
    services.cache.get_or(request.random().next() % 9000, |size| {
        request.body.iter().copied().cycle().take(size).collect()
    });
    let total: f64 = items(body).iter().filter_map(|item| item["price"].as_f64()).sum();
    services.jobs.submit(Job::new(request, 24 << 10));
    json!({"total": total, "currency": body["currency"]})
}

fn history(services: &Services, request: &Request, body: &Value) -> Value {
    services.feature().on_handled(request, "history");
    let page = services.cache.get_or(request.random().next() % 4000, |size| vec![b'h'; size]);
    json!({"history": page.len(), "items": items(body).len()})
}

fn invoice(services: &Services, request: &Request, body: &Value) -> Value {
    services.feature().on_handled(request, "invoice");
    let text: String =
        items(body).iter().map(|item| format!("{}\t{}\n", item["sku"], item["price"])).collect();
    json!({"invoice": text})
}

fn login(services: &Services, request: &Request, _: &Value) -> Value {
    services.feature().on_handled(request, "login");
    let token: String = (0..32).map(|i| format!("{:x}", request.id.rotate_left(i) & 15)).collect();
    json!({"user": request.user, "token": token})
}

fn product(services: &Services, request: &Request, body: &Value) -> Value {
    services.feature().on_handled(request, "product");
    let known = items(body).iter().filter_map(|item| item["sku"].as_str());
    json!({"products": known.filter_map(|sku| services.catalog.describe(sku)).collect::<Vec<_>>()})
}

fn profile(services: &Services, request: &Request, _: &Value) -> Value {
    services.feature().on_handled(request, "profile");
    let picture = services.cache.get_or(request.random().next() % 4000, |size| vec![b'p'; size]);
    json!({"user": request.user, "picture": picture.len()})
}

fn search(services: &Services, request: &Request, body: &Value) -> Value {
    services.feature().on_handled(request, "search");
    services.cache.get_or(request.random().next() % 9000, |size| {
        [b"found", request.body.as_slice()].concat().repeat(1 + size / 4096)
    });
    let found = services.catalog.search(request.id as usize % 97);
    json!({"found": found, "of": body["id"]})
}

fn stock(services: &Services, request: &Request, body: &Value) -> Value {
    services.feature().on_handled(request, "stock");
    services.jobs.submit(Job::new(request, 8 << 10));
    let counts: serde_json::Map<String, Value> =
        items(body).iter().map(|item| (item["sku"].to_string(), item["quantity"].clone())).collect();
    Value::Object(counts)
}

fn suggest(services: &Services, request: &Request, body: &Value) -> Value {
    services.feature().on_handled(request, "suggest");
    services
        .cache
        .get_or(request.random().next() % 9000, |size| request.user.repeat(1 + size / 10).into_bytes());
    let mut words: Vec<String> =
        items(body).iter().map(|item| item["note"].to_string().to_uppercase()).collect();
    words.sort();
    json!({"words": words, "user": request.user})
}
