-- Each statement follows a line `-- :name` and becomes hf_sql_name.

-- :gateway_add
INSERT INTO gateway (one, id, created) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING

-- :gateway_get
SELECT id, recovery FROM gateway

-- :gateway_set_recovery
UPDATE gateway SET recovery = ?1

-- :clock_floor_get
SELECT clock_floor FROM gateway

-- :clock_floor_set
UPDATE gateway SET clock_floor = ?1 WHERE clock_floor < ?1

-- :secret_get
SELECT value FROM secret WHERE name = ?1

-- :secret_add
INSERT INTO secret (name, value) VALUES (?1, ?2)

-- :settings_newest
SELECT n, json FROM settings ORDER BY n DESC LIMIT 1

-- :settings_list
SELECT n, created, author FROM settings ORDER BY n DESC LIMIT ?1

-- :settings_get
SELECT json FROM settings WHERE n = ?1

-- :settings_compare
SELECT n, json = ?1 FROM settings ORDER BY n DESC LIMIT 1

-- :settings_add
INSERT INTO settings (created, author, json) VALUES (?1, ?2, ?3)

-- :settings_trim
DELETE FROM settings WHERE n <= (SELECT max(n) FROM settings) - ?1

-- :release_get
SELECT json FROM release

-- :release_set
INSERT INTO release (one, imported, json) VALUES (1, ?1, ?2)
ON CONFLICT (one) DO UPDATE SET imported = excluded.imported, json = excluded.json
WHERE json <> excluded.json

-- :image_note
INSERT INTO image (image_id, image, tag, turn)
SELECT CAST(value->'platforms'->?2->>'config' AS TEXT),
    value->>'repository' || '@' || (value->'platforms'->?2->>'manifest'), CAST(value->>'tag' AS TEXT),
    (SELECT coalesce(max(turn), 0) + 1 FROM image)
FROM json_each(iif(json_valid(?1), ?1, '{}'), '$.services')
WHERE value->'platforms'->?2->>'config' IS NOT NULL AND value->'platforms'->?2->>'manifest' IS NOT NULL
    AND value->>'repository' IS NOT NULL AND value->>'tag' IS NOT NULL
ON CONFLICT (image_id) DO UPDATE
SET image = excluded.image, tag = excluded.tag, turn = excluded.turn

-- :image_begin
INSERT INTO image (image_id, image, tag, turn)
SELECT CAST(value->'platforms'->?2->>'config' AS TEXT),
    value->>'repository' || '@' || (value->'platforms'->?2->>'manifest'), CAST(value->>'tag' AS TEXT), 0
FROM json_each(iif(json_valid(?1), ?1, '{}'), '$.services')
WHERE value->'platforms'->?2->>'config' IS NOT NULL AND value->'platforms'->?2->>'manifest' IS NOT NULL
    AND value->>'repository' IS NOT NULL AND value->>'tag' IS NOT NULL
ON CONFLICT (image_id) DO NOTHING

-- :image_old
SELECT image_id, image, tag FROM image WHERE turn = 0 OR turn < (SELECT max(turn) FROM image) - 1
ORDER BY turn, image_id LIMIT ?1

-- :image_forget
DELETE FROM image WHERE image_id = ?1

-- :kept_get
SELECT at, value FROM kept WHERE name = ?1

-- :kept_set
INSERT INTO kept (name, at, value) VALUES (?1, ?2, ?3)
ON CONFLICT (name) DO UPDATE SET at = excluded.at, value = excluded.value

-- :kept_delete
DELETE FROM kept WHERE name = ?1

-- :backup_head
SELECT json_object('format', 1, 'id', id, 'created', created) FROM gateway

-- :backup_release
SELECT json, (SELECT signature FROM known_release k WHERE k.json = release.json) FROM release

-- :restore_readable
SELECT json_valid(?1) AND coalesce(?1 ->> 'format', 0) = 1

-- :restore_busy
SELECT EXISTS (SELECT 1 FROM upgrade WHERE finished = 0)

-- :restore_clear_accounts
DELETE FROM account

-- :restore_clear_sessions
DELETE FROM session

-- :restore_clear_tokens
DELETE FROM token

-- :restore_clear_devices
DELETE FROM device_account

-- :restore_clear_desired
DELETE FROM desired

-- :restore_clear_setup_code
DELETE FROM setup_code

-- :restore_gateway
UPDATE gateway SET id = ?1 ->> 'id', created = ?1 ->> 'created'

-- :restore_floor
INSERT INTO release_floor (one, counter) SELECT 1, ?1 ->> 'floor' WHERE ?1 ->> 'floor' > 0
ON CONFLICT (one) DO UPDATE SET counter = excluded.counter WHERE counter < excluded.counter

-- :restore_admins
SELECT count(*) FROM account
WHERE role = 2 AND user NOT IN (SELECT user FROM disabled_account)

-- :restore_counts
SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM device_account)

-- :reset_counts
SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM token), (SELECT count(*) FROM device_account),
    (SELECT count(*) FROM settings)

-- :reset_carry
INSERT INTO fresh.gateway (one, id, created, clock_floor) SELECT one, id, created, clock_floor FROM main.gateway;
INSERT INTO fresh.release SELECT * FROM main.release;
INSERT INTO fresh.start_release SELECT * FROM main.start_release;
INSERT INTO fresh.release_floor SELECT * FROM main.release_floor;
INSERT INTO fresh.known_release SELECT * FROM main.known_release;
INSERT INTO fresh.image SELECT * FROM main.image;
INSERT INTO fresh.kept SELECT * FROM main.kept WHERE name IN ('restore.mark', 'folder.recovery')

-- :reset_carry_provision
INSERT INTO fresh.provision SELECT * FROM main.provision;
INSERT INTO fresh.kept SELECT * FROM main.kept WHERE name = 'folder.provision';
INSERT INTO fresh.kept (name, at, value) SELECT 'reset.provision', applied, file_hash FROM main.provision

-- :reset_file
INSERT INTO fresh.recovery_file (one, file_hash, applied) VALUES (1, ?1, ?2)

-- :reset_code
INSERT INTO fresh.setup_code (one, hash) VALUES (1, ?1)

-- :reset_admin
INSERT INTO fresh.account (user, role, password_hash, created) VALUES ('admin', 2, ?1, ?2)

-- :reset_audit
INSERT INTO fresh.audit (n, at, who, what) VALUES (1, ?1, ?2, ?3)

-- :reset_audit_origin
INSERT INTO fresh.audit_origin (n, address) VALUES (1, ?1)

-- :reset_left_set
INSERT INTO fresh.kept (name, at, value) VALUES (?1, ?2, ?3)

-- :release_floor_get
SELECT max(coalesce((SELECT counter FROM release_floor), 0),
           coalesce((SELECT iif(json_valid(json), json ->> 'counter', 0) FROM release), 0))

-- :release_floor_raise
INSERT INTO release_floor (one, counter) VALUES (1, ?1)
ON CONFLICT (one) DO UPDATE SET counter = excluded.counter WHERE counter < excluded.counter

-- :desired_get
SELECT wanted FROM desired WHERE service = ?1

-- :desired_set
INSERT INTO desired (service, wanted, actor, changed) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (service) DO UPDATE
SET wanted = excluded.wanted, actor = excluded.actor, changed = excluded.changed

-- :operation_save
INSERT INTO operation (id, kind, state, service, actor, detail, created, finished)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (id) DO UPDATE
SET state = excluded.state, detail = excluded.detail, finished = excluded.finished

-- :operation_trim
DELETE FROM operation WHERE n <= (SELECT max(n) FROM operation) - ?1

-- :operation_get
SELECT id, kind, state, service, actor, detail, created, finished, n FROM operation WHERE id = ?1

-- :operation_list
SELECT id, kind, state, service, actor, detail, created, finished, n FROM operation
WHERE n < ?2 AND (?3 IS NULL OR service = ?3) AND (?4 < 0 OR state = ?4)
ORDER BY n DESC LIMIT ?1

-- :account_list
SELECT user, role, password_hash, created, user IN (SELECT user FROM disabled_account)
FROM account ORDER BY user LIMIT ?1

-- :account_save
INSERT INTO account (user, role, password_hash, created) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (user) DO UPDATE SET role = excluded.role, password_hash = excluded.password_hash

-- :account_disable
INSERT INTO disabled_account (user) VALUES (?1) ON CONFLICT DO NOTHING

-- :account_enable
DELETE FROM disabled_account WHERE user = ?1

-- :account_delete
DELETE FROM account WHERE user = ?1

-- :account_any
SELECT 1 FROM account LIMIT 1

-- :setup_code_get
SELECT hash FROM setup_code

-- :setup_code_set
INSERT INTO setup_code (one, hash) VALUES (1, ?1)
ON CONFLICT (one) DO UPDATE SET hash = excluded.hash

-- :setup_code_delete
DELETE FROM setup_code

-- :session_list
SELECT token_hash, user, role, created, expires, seen, coalesce(address, '')
FROM session LEFT JOIN session_origin USING (token_hash) ORDER BY seen DESC LIMIT ?1

-- :session_save
INSERT INTO session (token_hash, user, role, created, expires, seen)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (token_hash) DO UPDATE SET expires = excluded.expires, seen = excluded.seen

-- :session_trim
DELETE FROM session WHERE token_hash NOT IN
    (SELECT token_hash FROM session ORDER BY token_hash = ?2 DESC, seen DESC LIMIT ?1)

-- :session_set_origin
INSERT INTO session_origin (token_hash, address) VALUES (?1, ?2) ON CONFLICT DO NOTHING

-- :session_delete
DELETE FROM session WHERE token_hash = ?1

-- :session_end_all
DELETE FROM session WHERE user = ?1 AND token_hash <> ?2

-- :token_list
SELECT token_hash, user, name, role, created, expires, used FROM token ORDER BY user, name LIMIT ?1

-- :token_add
INSERT INTO token (token_hash, user, name, role, created, expires, used)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- :token_use
UPDATE token SET used = ?2 WHERE token_hash = ?1

-- :token_delete
DELETE FROM token WHERE token_hash = ?1

-- :recovery_get
SELECT file_hash FROM recovery_file

-- :recovery_set
INSERT INTO recovery_file (one, file_hash, applied) VALUES (1, ?1, ?2)
ON CONFLICT (one) DO UPDATE SET file_hash = excluded.file_hash, applied = excluded.applied

-- :provision_get
SELECT file_hash FROM provision

-- :provision_set
INSERT INTO provision (one, file_hash, applied) VALUES (1, ?1, ?2)
ON CONFLICT (one) DO UPDATE SET file_hash = excluded.file_hash, applied = excluded.applied

-- :audit_add
INSERT INTO audit (at, who, what) VALUES (?1, ?2, ?3)

-- :audit_origin_add
INSERT INTO audit_origin (n, address) VALUES (last_insert_rowid(), ?1)

-- :audit_change_add
INSERT INTO audit_change (n, json) VALUES (last_insert_rowid(), ?1)

-- :audit_result_add
INSERT INTO audit_result (n, result, status) VALUES (last_insert_rowid(), ?1, ?2)

-- :audit_trim
DELETE FROM audit WHERE n <= (SELECT n FROM audit ORDER BY n DESC LIMIT 1 OFFSET ?1)

-- :audit_result_trim
DELETE FROM audit WHERE n <= (SELECT n FROM audit_result ORDER BY n DESC LIMIT 1 OFFSET ?1) AND n IN (SELECT n FROM audit_result)

-- :audit_list
SELECT n, at, who, what, coalesce(address, ''), json, coalesce(result, 'done') AS came, coalesce(status, 0)
FROM audit LEFT JOIN audit_origin USING (n) LEFT JOIN audit_change USING (n) LEFT JOIN audit_result USING (n)
WHERE n < ?2 AND (?3 = '' OR who = ?3) AND (?4 = '' OR instr(lower(what), lower(?4))) AND at >= ?5 AND at < ?6
    AND (?7 = '' OR came = ?7)
ORDER BY n DESC LIMIT ?1

-- :alarm_save
INSERT INTO alarm (n, kind, subject, bad, cause, advice, raised, last, count, acknowledged_by,
                   acknowledged, cleared, untold)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (n) DO UPDATE
SET bad = excluded.bad, cause = excluded.cause, advice = excluded.advice, last = excluded.last,
    count = excluded.count, acknowledged_by = excluded.acknowledged_by,
    acknowledged = excluded.acknowledged, cleared = excluded.cleared, untold = untold | excluded.untold

-- :alarm_trim
DELETE FROM alarm WHERE n IN
    (SELECT n FROM alarm ORDER BY cleared = 0, n LIMIT max((SELECT count(*) FROM alarm) - ?1, 0))

-- :alarm_list
SELECT n, kind, subject, bad, cause, advice, raised, last, count, acknowledged_by, acknowledged,
       cleared, untold
FROM alarm WHERE n < ?1 AND (cleared = 0 OR NOT ?2) AND (?4 = '' OR kind = ?4) ORDER BY n DESC LIMIT ?3

-- :alarm_last
SELECT coalesce(max(n), 0) FROM alarm

-- :alarm_untold
SELECT n, kind, subject, bad, cause, advice, raised, last, count, acknowledged_by, acknowledged,
       cleared, untold
FROM alarm WHERE untold & ?1 ORDER BY n LIMIT 1

-- :alarm_told
UPDATE alarm SET untold = untold & ~?2 WHERE n = ?1

-- :history_add
INSERT INTO history (ended, points, data) VALUES (?1, ?2, ?3)

-- :history_trim
DELETE FROM history WHERE n <= (SELECT max(n) FROM history) - ?1 OR n < (
    SELECT coalesce(min(n), 0) FROM
        (SELECT n, sum(points) OVER (ORDER BY n DESC) - points AS after FROM history)
    WHERE after < ?2)

-- :history_list
SELECT ended, points, data FROM history ORDER BY n

-- :incident_add
INSERT INTO incident (service, kind, at, last, times, found, done, exit_code, oom_killed, uptime_s,
    restarts, image_tag, image_digest, log_lines, bytes, log, curve)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, ?9), ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)

-- :incident_count_again
UPDATE incident SET times = times + ?2, last = max(last, ?3) WHERE n = ?1

-- :incident_trim
DELETE FROM incident WHERE n <= (SELECT max(n) FROM incident) - ?1 OR n IN
    (SELECT n FROM (SELECT n, sum(bytes) OVER (ORDER BY n DESC) AS total FROM incident)
     WHERE total > ?2)

-- :incident_recent
SELECT count(*), max(n) FROM incident
WHERE service = ?1 AND kind = ?2 AND at > ?3 AND at <= ?4 AND (?5 IS NULL OR found = ?5)

-- :incident_list
SELECT n, service, kind, at, last, times, found, done, exit_code, oom_killed, uptime_s, restarts,
    image_tag, image_digest, log_lines
FROM incident
WHERE n < ?2 AND (?3 IS NULL OR service = ?3) AND (?4 < 0 OR kind = ?4)
ORDER BY n DESC LIMIT ?1

-- :incident_get
SELECT n, service, kind, at, last, times, found, done, exit_code, oom_killed, uptime_s, restarts,
    image_tag, image_digest, log_lines, log, curve
FROM incident WHERE n = ?1

-- :known_release_add
INSERT INTO known_release (id, state, name, created, source, added, detail, leftovers, signature, json)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9)
ON CONFLICT (id) DO UPDATE SET
    signature = CASE WHEN excluded.signature = '' THEN signature ELSE excluded.signature END

-- :known_release_count
SELECT count(*) FROM known_release WHERE id <> ?1

-- :known_release_give_way
DELETE FROM known_release WHERE n = (SELECT n FROM known_release WHERE state IN (?1, ?2) AND id <> ?3
    ORDER BY leftovers = 1, state = ?2, n LIMIT 1)

-- :known_release_list
SELECT id, name, created, state, source, signature <> '', added, detail FROM known_release
ORDER BY n DESC LIMIT ?1

-- :known_release_get
SELECT id, name, created, state, source, signature <> '', added, detail, json FROM known_release WHERE id = ?1

-- :known_release_file
SELECT json, signature FROM known_release WHERE id = ?1

-- :known_release_delete
DELETE FROM known_release WHERE id = ?1

-- :known_release_leave
UPDATE known_release SET state = ?2, leftovers = 1 WHERE state IN (?1, ?3) AND id <> ?4

-- :known_release_set
UPDATE known_release SET state = ?2, detail = ?3, leftovers = ?4 WHERE id = ?1

-- :known_release_failed
UPDATE known_release SET detail = ?2, leftovers = state <> ?4, state = CASE WHEN state = ?4 THEN state ELSE ?3 END
WHERE id = ?1

-- :known_release_leftovers
SELECT json FROM known_release WHERE leftovers = 1 ORDER BY n

-- :known_release_needed
SELECT json FROM known_release WHERE leftovers = 0 ORDER BY n

-- :known_release_collected
UPDATE known_release SET leftovers = 2 WHERE leftovers = 1

-- :start_release_get
SELECT id FROM start_release

-- :start_release_set
INSERT INTO start_release (one, id) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET id = excluded.id

-- :upgrade_add
INSERT INTO upgrade (kind, state, idx, to_id, to_name, from_id, from_name, actor, operation, started,
    since, finished, reason, services, to_json, from_json)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, '', ?12, ?13, ?14)

-- :upgrade_save
UPDATE upgrade SET state = ?2, idx = ?3, since = ?4, finished = ?5, reason = ?6, services = ?7,
    to_json = CASE WHEN ?5 = 0 THEN to_json ELSE '' END,
    from_json = CASE WHEN ?5 = 0 THEN from_json ELSE '' END
WHERE n = ?1

-- :upgrade_trim
DELETE FROM upgrade WHERE finished > 0 AND n <= (SELECT max(n) FROM upgrade) - ?1

-- :upgrade_list
SELECT n, kind, state, idx, to_id, to_name, from_id, from_name, actor, operation, started, since,
    finished, reason, services
FROM upgrade ORDER BY n DESC LIMIT ?1

-- :upgrade_texts
SELECT to_json, from_json FROM upgrade WHERE n = ?1

-- :device_list
SELECT a.name, password_hash, publish, subscribe, description, enabled, created, password_set,
    coalesce(fingerprint, ''), coalesce(issued, 0), coalesce(ends, 0)
FROM device_account a LEFT JOIN device_certificate c ON c.name = a.name
WHERE a.name > ?1 AND (?3 = '' OR instr(lower(a.name), lower(?3))) ORDER BY a.name LIMIT ?2

-- :device_get
SELECT a.name, password_hash, publish, subscribe, description, enabled, created, password_set,
    coalesce(fingerprint, ''), coalesce(issued, 0), coalesce(ends, 0)
FROM device_account a LEFT JOIN device_certificate c ON c.name = a.name WHERE a.name = ?1

-- :device_certified_count
SELECT count(*) FROM device_certificate JOIN device_account USING (name) WHERE enabled

-- :device_count
SELECT count(*), coalesce(sum(enabled), 0) FROM device_account

-- :device_save
INSERT INTO device_account (name, password_hash, publish, subscribe, description, enabled, created, password_set)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash, publish = excluded.publish,
    subscribe = excluded.subscribe, description = excluded.description, enabled = excluded.enabled,
    password_set = excluded.password_set

-- :device_delete
DELETE FROM device_account WHERE name = ?1

-- :device_certificate_save
INSERT OR REPLACE INTO device_certificate (name, fingerprint, issued, ends) VALUES (?1, ?2, ?3, ?4)

-- :device_certificate_delete
DELETE FROM device_certificate WHERE name = ?1
