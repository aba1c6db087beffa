// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

const struct hf_route hf_routes[] = {
    {HF_METHOD_GET, "/health", HF_ACCESS_PUBLIC, HF_BODY_NONE, HF_QUERY_NONE, hf_handle_health},
    {HF_METHOD_GET, "/openapi.yaml", HF_ACCESS_PUBLIC, HF_BODY_NONE, HF_QUERY_NONE,
     hf_handle_openapi},
    {HF_METHOD_GET, "/claim", HF_ACCESS_PUBLIC, HF_BODY_NONE, HF_QUERY_NONE, hf_handle_claim_state},
    {HF_METHOD_POST, "/claim", HF_ACCESS_PUBLIC, HF_BODY_JSON, HF_QUERY_NONE, hf_handle_claim},
    {HF_METHOD_POST, "/login", HF_ACCESS_PUBLIC, HF_BODY_JSON, HF_QUERY_NONE, hf_handle_login},
    {HF_METHOD_POST, "/logout", HF_ACCESS_PUBLIC, HF_BODY_NONE, HF_QUERY_NONE, hf_handle_logout},
    {HF_METHOD_GET, "/session", HF_ACCESS_VIEWER, HF_BODY_NONE, HF_QUERY_NONE, hf_handle_session},
    {HF_METHOD_GET, "/gateway", HF_ACCESS_VIEWER, HF_BODY_NONE, HF_QUERY_NONE, hf_handle_gateway},
    {HF_METHOD_GET, "/release", HF_ACCESS_VIEWER, HF_BODY_NONE, HF_QUERY_NONE, hf_handle_release},
    {HF_METHOD_GET, "/buffer", HF_ACCESS_VIEWER, HF_BODY_NONE, HF_QUERY_NONE, hf_handle_buffer},
    {HF_METHOD_GET, "/uplink", HF_ACCESS_VIEWER, HF_BODY_NONE, HF_QUERY_NONE, hf_handle_uplink},
    {HF_METHOD_GET, "/history", HF_ACCESS_VIEWER, HF_BODY_NONE, HF_QUERY_NONE, hf_handle_history},
    {HF_METHOD_GET, "/events", HF_ACCESS_VIEWER, HF_BODY_NONE, HF_QUERY_NONE, hf_handle_events},
    {HF_METHOD_GET, "/services", HF_ACCESS_VIEWER, HF_BODY_NONE, HF_QUERY_NONE, hf_handle_services},
    {HF_METHOD_GET, "/services/{name}", HF_ACCESS_VIEWER, HF_BODY_NONE, HF_QUERY_NONE,
     hf_handle_service},
    {HF_METHOD_GET, "/services/{name}/logs", HF_ACCESS_VIEWER, HF_BODY_NONE, HF_QUERY_FIELDS,
     hf_handle_logs},
    {HF_METHOD_POST, "/services/{name}/restart", HF_ACCESS_OPERATOR, HF_BODY_NONE, HF_QUERY_NONE,
     hf_handle_restart},
    {HF_METHOD_POST, "/services/{name}/start", HF_ACCESS_OPERATOR, HF_BODY_NONE, HF_QUERY_NONE,
     hf_handle_start},
    {HF_METHOD_POST, "/services/{name}/stop", HF_ACCESS_OPERATOR, HF_BODY_NONE, HF_QUERY_NONE,
     hf_handle_stop},
    {HF_METHOD_GET, "/operations", HF_ACCESS_VIEWER, HF_BODY_NONE, HF_QUERY_FIELDS,
     hf_handle_operations},
    {HF_METHOD_GET, "/operations/{id}", HF_ACCESS_VIEWER, HF_BODY_NONE, HF_QUERY_NONE,
     hf_handle_operation},
};

const size_t hf_route_count = HF_LEN(hf_routes);
