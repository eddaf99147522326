/** The catalog as Girder's collections show it, for reports and for people with an SQL prompt. */
export const girderViews = `
CREATE VIEW folder AS SELECT
  e.id AS _id, CASE e.parent WHEN '' THEN 'Home' ELSE e.name END AS name,
  lower(CASE e.parent WHEN '' THEN 'Home' ELSE e.name END) AS lowerName, '' AS description,
  CASE e.parent WHEN '' THEN 'user' ELSE 'folder' END AS parentCollection,
  CASE e.parent WHEN '' THEN u.id ELSE e.parent END AS parentId,
  'user' AS baseParentType, u.id AS baseParentId, e.creator AS creatorId,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.created / 1000.0, 'unixepoch') AS created,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.modified / 1000.0, 'unixepoch') AS updated,
  (SELECT ifnull(sum(c.size), 0) FROM entries c WHERE c.parent = e.id AND c.kind = 1) AS size,
  ifnull(e.props, '{}') AS meta, 0 AS public
FROM entries e JOIN users u ON u.home = e.home WHERE e.kind = 0 AND substr(e.parent, 1, 1) <> '~';

CREATE VIEW item AS SELECT
  e.id AS _id, e.name AS name, lower(e.name) AS lowerName, '' AS description, e.parent AS folderId,
  'user' AS baseParentType, u.id AS baseParentId, e.creator AS creatorId,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.created / 1000.0, 'unixepoch') AS created,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.modified / 1000.0, 'unixepoch') AS updated,
  e.size AS size, ifnull(e.props, '{}') AS meta
FROM entries e JOIN users u ON u.home = e.home WHERE e.kind = 1 AND substr(e.parent, 1, 1) <> '~';

CREATE VIEW file AS SELECT
  e.file AS _id, e.id AS itemId, e.name AS name, e.mime AS mimeType, e.size AS size, e.creator AS creatorId,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.created / 1000.0, 'unixepoch') AS created,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.modified / 1000.0, 'unixepoch') AS updated,
  e.blob AS sha512, substr(e.blob, 1, 2) || '/' || substr(e.blob, 3, 2) || '/' || e.blob AS path,
  (SELECT s.value FROM settings s WHERE s.key = 'girder.assetstore') AS assetstoreId
FROM entries e WHERE e.kind = 1 AND substr(e.parent, 1, 1) <> '~';

CREATE VIEW user AS SELECT
  u.id AS _id, u.login AS login, u.email AS email, u.firstName AS firstName, u.lastName AS lastName,
  u.admin AS admin, u.status AS status,
  strftime('%Y-%m-%dT%H:%M:%fZ', u.created / 1000.0, 'unixepoch') AS created,
  h.used AS size, u.quota AS quota, 0 AS public
FROM users u JOIN homes h ON h.id = u.home;
`;
