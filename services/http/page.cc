#include "services/http/page.h"

#include <string_view>

#include "fmt/format.h"

namespace oca::httpd {
namespace {

constexpr std::string_view kPage = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Oca</title>
<style>body {{ font: 1rem/1.5 sans-serif; margin: 4rem auto; max-width: 40rem; padding: 0 1rem }}</style>
<h1>Oca</h1>
<p>A backup appliance. {}
<ul>
<li>The API is described in <a href="/openapi.json">/openapi.json</a> (OpenAPI 3); it begins with
<code>POST /v1/login</code>, or with a token of <code>oca user --addtoken</code>.
<li>Figures for Prometheus, by a token: <code>/metrics</code>.
<li>Whether it serves: <a href="/healthz">/healthz</a>.
</ul>
</html>
)";

}  // namespace

std::string Page(const absl::Status& state) {
  return fmt::format(kPage, state.ok()
                                ? "It serves."
                                : "It cannot be administered now; the files that it holds may be "
                                  "served all the same.");
}

}  // namespace oca::httpd
