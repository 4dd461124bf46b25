/**
 * Two hundred routes of GitHub's REST API. Those with fixed text beside a parameter, as /gists/public, are left out:
 * hono's RegExpRouter has none of them.
 */
const text = `
GET / /meta /zen /octocat /emojis /feeds /events /rate_limit /versions /codes_of_conduct /codes_of_conduct/{key}
GET /gitignore/templates /gitignore/templates/{name} /licenses /licenses/{license} /app /app/installations
GET /app/installations/{installation} /apps/{slug} /advisories /advisories/{ghsa} /networks/{owner}/{repo}/events
POST /markdown /markdown/raw /app/installations/{installation}/access_tokens
DELETE /app/installations/{installation} /app/installations/{installation}/suspended
PUT /app/installations/{installation}/suspended
GET /gists /gists/{gist} /gists/{gist}/comments /gists/{gist}/comments/{comment}
GET /gists/{gist}/commits /gists/{gist}/forks /gists/{gist}/star
POST /gists /gists/{gist}/comments /gists/{gist}/forks
PATCH /gists/{gist} /gists/{gist}/comments/{comment}
DELETE /gists/{gist} /gists/{gist}/comments/{comment} /gists/{gist}/star
PUT /gists/{gist}/star
GET /issues /notifications /notifications/threads/{thread} /notifications/threads/{thread}/subscription
PATCH /notifications/threads/{thread}
PUT /notifications /notifications/threads/{thread}/subscription
DELETE /notifications/threads/{thread}/subscription
GET /organizations /orgs/{org} /orgs/{org}/events /orgs/{org}/hooks /orgs/{org}/hooks/{hook} /orgs/{org}/issues
GET /orgs/{org}/members /orgs/{org}/members/{user} /orgs/{org}/memberships/{user} /orgs/{org}/public_members
GET /orgs/{org}/public_members/{user} /orgs/{org}/repos /orgs/{org}/teams /orgs/{org}/teams/{team}
GET /orgs/{org}/teams/{team}/members /orgs/{org}/teams/{team}/repos /orgs/{org}/blocks /orgs/{org}/blocks/{user}
POST /orgs/{org}/hooks /orgs/{org}/hooks/{hook}/pings /orgs/{org}/repos /orgs/{org}/teams
PATCH /orgs/{org} /orgs/{org}/hooks/{hook} /orgs/{org}/teams/{team}
PUT /orgs/{org}/memberships/{user} /orgs/{org}/public_members/{user} /orgs/{org}/blocks/{user}
DELETE /orgs/{org} /orgs/{org}/hooks/{hook} /orgs/{org}/members/{user} /orgs/{org}/blocks/{user}
DELETE /orgs/{org}/public_members/{user} /orgs/{org}/teams/{team}
GET /repositories /repos/{owner}/{repo} /repos/{owner}/{repo}/activity /repos/{owner}/{repo}/assignees
GET /repos/{owner}/{repo}/assignees/{user} /repos/{owner}/{repo}/branches /repos/{owner}/{repo}/branches/{branch}
GET /repos/{owner}/{repo}/branches/{branch}/protection /repos/{owner}/{repo}/collaborators
GET /repos/{owner}/{repo}/collaborators/{user} /repos/{owner}/{repo}/collaborators/{user}/permission
GET /repos/{owner}/{repo}/comments /repos/{owner}/{repo}/comments/{comment} /repos/{owner}/{repo}/commits
GET /repos/{owner}/{repo}/commits/{sha} /repos/{owner}/{repo}/commits/{sha}/comments
GET /repos/{owner}/{repo}/commits/{sha}/status /repos/{owner}/{repo}/contributors /repos/{owner}/{repo}/deployments
GET /repos/{owner}/{repo}/deployments/{deployment} /repos/{owner}/{repo}/deployments/{deployment}/statuses
GET /repos/{owner}/{repo}/events /repos/{owner}/{repo}/forks /repos/{owner}/{repo}/git/blobs/{sha}
GET /repos/{owner}/{repo}/git/commits/{sha} /repos/{owner}/{repo}/git/tags/{sha} /repos/{owner}/{repo}/git/trees/{sha}
GET /repos/{owner}/{repo}/hooks /repos/{owner}/{repo}/hooks/{hook} /repos/{owner}/{repo}/issues
GET /repos/{owner}/{repo}/issues/{issue} /repos/{owner}/{repo}/issues/{issue}/comments
GET /repos/{owner}/{repo}/issues/{issue}/events /repos/{owner}/{repo}/issues/{issue}/labels
GET /repos/{owner}/{repo}/keys /repos/{owner}/{repo}/keys/{key} /repos/{owner}/{repo}/labels
GET /repos/{owner}/{repo}/labels/{name} /repos/{owner}/{repo}/languages /repos/{owner}/{repo}/milestones
GET /repos/{owner}/{repo}/milestones/{milestone} /repos/{owner}/{repo}/milestones/{milestone}/labels
GET /repos/{owner}/{repo}/notifications /repos/{owner}/{repo}/pages /repos/{owner}/{repo}/pages/builds
GET /repos/{owner}/{repo}/pages/builds/latest /repos/{owner}/{repo}/pulls
GET /repos/{owner}/{repo}/pulls/{pull} /repos/{owner}/{repo}/pulls/{pull}/comments
GET /repos/{owner}/{repo}/pulls/{pull}/commits /repos/{owner}/{repo}/pulls/{pull}/files
GET /repos/{owner}/{repo}/pulls/{pull}/merge /repos/{owner}/{repo}/pulls/{pull}/reviews
GET /repos/{owner}/{repo}/pulls/{pull}/reviews/{review} /repos/{owner}/{repo}/readme /repos/{owner}/{repo}/releases
GET /repos/{owner}/{repo}/releases/{release}
GET /repos/{owner}/{repo}/releases/{release}/assets /repos/{owner}/{repo}/stargazers
GET /repos/{owner}/{repo}/stats/contributors /repos/{owner}/{repo}/subscribers /repos/{owner}/{repo}/subscription
GET /repos/{owner}/{repo}/tags /repos/{owner}/{repo}/teams /repos/{owner}/{repo}/topics
POST /repos/{owner}/{repo}/forks /repos/{owner}/{repo}/git/blobs /repos/{owner}/{repo}/git/commits
POST /repos/{owner}/{repo}/git/refs /repos/{owner}/{repo}/git/tags /repos/{owner}/{repo}/git/trees
POST /repos/{owner}/{repo}/hooks /repos/{owner}/{repo}/issues /repos/{owner}/{repo}/issues/{issue}/comments
POST /repos/{owner}/{repo}/issues/{issue}/labels /repos/{owner}/{repo}/keys /repos/{owner}/{repo}/labels
POST /repos/{owner}/{repo}/merges /repos/{owner}/{repo}/milestones /repos/{owner}/{repo}/pulls
POST /repos/{owner}/{repo}/pulls/{pull}/comments /repos/{owner}/{repo}/releases /repos/{owner}/{repo}/statuses/{sha}
PATCH /repos/{owner}/{repo} /repos/{owner}/{repo}/hooks/{hook} /repos/{owner}/{repo}/issues/{issue}
PATCH /repos/{owner}/{repo}/labels/{name} /repos/{owner}/{repo}/pulls/{pull} /repos/{owner}/{repo}/releases/{release}
PUT /repos/{owner}/{repo}/collaborators/{user} /repos/{owner}/{repo}/issues/{issue}/lock
PUT /repos/{owner}/{repo}/pulls/{pull}/merge /repos/{owner}/{repo}/subscription /repos/{owner}/{repo}/topics
DELETE /repos/{owner}/{repo} /repos/{owner}/{repo}/hooks/{hook} /repos/{owner}/{repo}/issues/{issue}/labels
DELETE /repos/{owner}/{repo}/issues/{issue}/labels/{name} /repos/{owner}/{repo}/issues/{issue}/lock
DELETE /repos/{owner}/{repo}/keys/{key} /repos/{owner}/{repo}/labels/{name} /repos/{owner}/{repo}/subscription
GET /search/code /search/commits /search/issues /search/labels /search/repositories /search/topics /search/users
GET /teams/{team} /teams/{team}/members /teams/{team}/members/{user} /teams/{team}/repos/{owner}/{repo}
GET /user /user/emails /user/followers /user/following /user/following/{user} /user/issues /user/keys /user/orgs
GET /user/repos /user/starred /user/starred/{owner}/{repo} /user/subscriptions /user/teams
GET /users /users/{user} /users/{user}/events /users/{user}/events/orgs/{org} /users/{user}/followers
GET /users/{user}/following/{target} /users/{user}/gists /users/{user}/keys /users/{user}/orgs /users/{user}/repos
`;

/** Values that stand for parameters in the paths that are looked up. */
const VALUES = { owner: "octocat", repo: "hello-world", user: "monalisa", org: "github", sha: "7638417db6d59f3c" };

/** @type {{ method: string, pattern: string }[]} */
export const routes = text
  .trim()
  .split("\n")
  .flatMap((line) => {
    const [method, ...patterns] = line.split(" ");
    return patterns.map((pattern) => ({ method, pattern }));
  })
  .slice(0, 200);

/**
 * A path that a pattern matches, and the parameters in it.
 * @param {string} pattern
 * @param {number} index makes the numbers in it differ
 * @returns {{ path: string, params: Record<string, string> }}
 */
export function hit(pattern, index) {
  const params = {};
  const path = pattern.replace(/\{(\w+)\}/g, (_, name) => {
    params[name] = VALUES[name] ?? String(1000 + index * 37);
    return params[name];
  });
  return { path, params };
}

/** Many routes, as a large application or a tenant's table would have. */
export function manyRoutes(count) {
  return Array.from({ length: count }, (_, index) => {
    const pattern = [`/group${index % 100}/item${index}`, `/group${index % 100}/item${index}/{id}/part/{part}`];
    return { method: "GET", pattern: pattern[index % 2] };
  });
}
