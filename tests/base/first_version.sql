BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE alert_incidents (
	id VARCHAR(36) NOT NULL, 
	alert_id VARCHAR(36) NOT NULL, 
	opened_at BIGINT NOT NULL, 
	resolved_at BIGINT, 
	detail TEXT NOT NULL, 
	told TEXT NOT NULL, 
	CONSTRAINT pk_alert_incidents PRIMARY KEY (id), 
	CONSTRAINT fk_alert_incidents_alert_id FOREIGN KEY(alert_id) REFERENCES alerts (id)
);
INSERT INTO "alert_incidents" VALUES('0199aaaa-0000-7000-8000-000000000036','0199aaaa-0000-7000-8000-000000000027',1790000000000036,1790000000000036,'{"n":36,"文":"字"}','{"n":36,"文":"字"}');
CREATE TABLE alerts (
	id VARCHAR(36) NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	app INTEGER NOT NULL, 
	name VARCHAR(400) NOT NULL, 
	rule TEXT NOT NULL, 
	channels TEXT NOT NULL, 
	language VARCHAR(10) NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	memory TEXT NOT NULL, 
	looked_at BIGINT, 
	muted_until BIGINT, 
	created_by VARCHAR(400) NOT NULL, 
	created_at BIGINT NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_alerts PRIMARY KEY (id), 
	CONSTRAINT fk_alerts_app FOREIGN KEY(app) REFERENCES observe_apps (number), 
	CONSTRAINT fk_alerts_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);
INSERT INTO "alerts" VALUES('0199aaaa-0000-7000-8000-000000000027','0199aaaa-0000-7000-8000-000000000013',22,'alerts name','{"n":27,"文":"字"}','alerts channels','alerts lan',1,'alerts state','{"n":27,"文":"字"}',1790000000000027,27,'alerts created_by',1790000000000027,27);
CREATE TABLE attempts (
	id VARCHAR(64) NOT NULL, 
	tries INTEGER NOT NULL, 
	expires_at BIGINT NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY (id)
);
INSERT INTO "attempts" VALUES('be355f996281f6c17344461881eb6bd2aa3cf30887d3d138f0644e106c3605af',1,1790000000000001);
CREATE TABLE audit (
	workspace_id VARCHAR(36) NOT NULL, 
	seq BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	actor VARCHAR(400) NOT NULL, 
	action VARCHAR(80) NOT NULL, 
	target VARCHAR(400) NOT NULL, 
	detail TEXT NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (workspace_id, seq)
);
INSERT INTO "audit" VALUES('0199aaaa-0000-7000-8000-000000000002',2,1790000000000002,'audit actor','audit action','audit target','audit detail','424042a82739528255ab10f6802b252827a3955cf62fcdfbaacd44d87120b0df');
CREATE TABLE audit_heads (
	workspace_id VARCHAR(36) NOT NULL, 
	seq BIGINT NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	mac VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit_heads PRIMARY KEY (workspace_id)
);
INSERT INTO "audit_heads" VALUES('0199aaaa-0000-7000-8000-000000000003',3,'a3d44bf584769b123e3f46d11a9de544e4a1babe597477b1264b97e5a82326f6','0633902596255c4d1eea5263f4eadd9981ca234fc8cd660cea9eae777cae39a6');
CREATE TABLE blob_marks (
	sha256 VARCHAR(64) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_blob_marks PRIMARY KEY (sha256)
);
INSERT INTO "blob_marks" VALUES('bc293ec42219f53eb9f096616dc233b2822ee17c4323ab293c0e04ef6c08b7e4','blob_marks',1790000000000004);
CREATE TABLE changes (
	seq BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	kind VARCHAR(80) NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	payload TEXT NOT NULL, 
	CONSTRAINT pk_changes PRIMARY KEY (seq)
);
INSERT INTO "changes" VALUES(5,1790000000000005,'changes kind','0199aaaa-0000-7000-8000-000000000005','{"n":5,"文":"字"}');
CREATE TABLE counters (
	name VARCHAR(80) NOT NULL, 
	value BIGINT NOT NULL, 
	CONSTRAINT pk_counters PRIMARY KEY (name)
);
INSERT INTO "counters" VALUES('counters name',6);
CREATE TABLE crash_activities (
	id VARCHAR(36) NOT NULL, 
	group_id VARCHAR(36) NOT NULL, 
	at BIGINT NOT NULL, 
	actor VARCHAR(400) NOT NULL, 
	action VARCHAR(20) NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_crash_activities PRIMARY KEY (id), 
	CONSTRAINT fk_crash_activities_group_id FOREIGN KEY(group_id) REFERENCES crash_groups (id)
);
INSERT INTO "crash_activities" VALUES('0199aaaa-0000-7000-8000-000000000037','0199aaaa-0000-7000-8000-000000000028',1790000000000037,'crash_activities actor','crash_activities act','{"n":37,"文":"字"}');
CREATE TABLE crash_groups (
	id VARCHAR(36) NOT NULL, 
	app INTEGER NOT NULL, 
	algorithm INTEGER NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	short VARCHAR(16) NOT NULL, 
	title VARCHAR(400) NOT NULL, 
	culprit VARCHAR(400) NOT NULL, 
	fatal BOOLEAN NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	assigned_to VARCHAR(36), 
	muted_until BIGINT, 
	muted_above BIGINT, 
	closed_at BIGINT, 
	closed_in BIGINT, 
	first_seen_at BIGINT NOT NULL, 
	last_seen_at BIGINT NOT NULL, 
	told_at BIGINT NOT NULL, 
	first_version VARCHAR(80) NOT NULL, 
	first_code BIGINT NOT NULL, 
	first_release VARCHAR(36) NOT NULL, 
	last_version VARCHAR(80) NOT NULL, 
	occurrences BIGINT NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_crash_groups PRIMARY KEY (id), 
	CONSTRAINT fk_crash_groups_app FOREIGN KEY(app) REFERENCES observe_apps (number), 
	CONSTRAINT fk_crash_groups_assigned_to FOREIGN KEY(assigned_to) REFERENCES users (id), 
	CONSTRAINT uq_crash_groups_app_algorithm_hash UNIQUE (app, algorithm, hash)
);
INSERT INTO "crash_groups" VALUES('0199aaaa-0000-7000-8000-000000000028',22,28,'72011caa8cf9f08d151c4a13b1f4dd3214f825ae2f3d9de6c140aaf9632cd8ef','crash_groups sho','crash_groups title','crash_groups culprit',1,'crash_groups','0199aaaa-0000-7000-8000-000000000012',28,28,1790000000000028,28,1790000000000028,1790000000000028,1790000000000028,'crash_groups first_version',28,'0199aaaa-0000-7000-8000-000000000028','crash_groups last_version',28,28);
CREATE TABLE dashboards (
	id VARCHAR(36) NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	name VARCHAR(400) NOT NULL, 
	tiles TEXT NOT NULL, 
	created_by VARCHAR(400) NOT NULL, 
	created_at BIGINT NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_dashboards PRIMARY KEY (id), 
	CONSTRAINT fk_dashboards_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);
INSERT INTO "dashboards" VALUES('0199aaaa-0000-7000-8000-000000000014','0199aaaa-0000-7000-8000-000000000013','dashboards name','{"n":14,"文":"字"}','dashboards created_by',1790000000000014,14);
CREATE TABLE device_parts (
	release_id VARCHAR(36) NOT NULL, 
	device_id VARCHAR(128) NOT NULL, 
	has BOOLEAN NOT NULL, 
	tally TEXT, 
	CONSTRAINT pk_device_parts PRIMARY KEY (release_id, device_id), 
	CONSTRAINT fk_device_parts_release_id FOREIGN KEY(release_id) REFERENCES releases (id)
);
INSERT INTO "device_parts" VALUES('0199aaaa-0000-7000-8000-000000000040','device_parts device_id',1,'{"n":44,"文":"字"}');
CREATE TABLE devices (
	workspace_id VARCHAR(36) NOT NULL, 
	device_id VARCHAR(128) NOT NULL, 
	context TEXT NOT NULL, 
	user_id VARCHAR(256), 
	installed TEXT NOT NULL, 
	first_seen_at BIGINT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	CONSTRAINT pk_devices PRIMARY KEY (workspace_id, device_id), 
	CONSTRAINT fk_devices_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);
INSERT INTO "devices" VALUES('0199aaaa-0000-7000-8000-000000000013','devices device_id','{"n":15,"文":"字"}','devices user_id','{"n":15,"文":"字"}',1790000000000015,1790000000000015);
CREATE TABLE host_apps (
	id VARCHAR(36) NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	name VARCHAR(400) NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_host_apps PRIMARY KEY (id), 
	CONSTRAINT fk_host_apps_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT uq_host_apps_workspace_id_key UNIQUE (workspace_id, "key")
);
INSERT INTO "host_apps" VALUES('0199aaaa-0000-7000-8000-000000000016','0199aaaa-0000-7000-8000-000000000013','87024fbf4c6e186676ef7bdffedeb76505489dbcd106e1b934e3fab6b07f9c9a','host_apps name',1790000000000016);
CREATE TABLE idempotency (
	id VARCHAR(64) NOT NULL, 
	request VARCHAR(64) NOT NULL, 
	status INTEGER NOT NULL, 
	headers TEXT NOT NULL, 
	body BLOB NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_idempotency PRIMARY KEY (id)
);
INSERT INTO "idempotency" VALUES('af9001fc24714fa0ac0106876b2fcfff3665bb90b4204c5e0db3cd5d65c744ea','60468a9b92abe2564c6aa70f32aae3c6e4b4b90b2d22b24bf3fa18a8cca0ffdf',7,'{"n":7,"文":"字"}',X'00FF07',1790000000000007);
CREATE TABLE installation (
	name VARCHAR(80) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_installation PRIMARY KEY (name)
);
INSERT INTO "installation" VALUES('installation name','installation value');
CREATE TABLE invitations (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(36) NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	CONSTRAINT pk_invitations PRIMARY KEY (id), 
	CONSTRAINT fk_invitations_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "invitations" VALUES('cd3ac331c68eb41a00341086c1ebef5986c83f8b83ba55287ba16242a87ec6aa','0199aaaa-0000-7000-8000-000000000012',1790000000000017,1790000000000017);
CREATE TABLE jobs (
	id VARCHAR(36) NOT NULL, 
	kind VARCHAR(80) NOT NULL, 
	"key" VARCHAR(400) NOT NULL, 
	payload TEXT NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	run_at BIGINT NOT NULL, 
	lease_until BIGINT, 
	attempts INTEGER NOT NULL, 
	error TEXT, 
	CONSTRAINT pk_jobs PRIMARY KEY (id), 
	CONSTRAINT uq_jobs_kind_key UNIQUE (kind, "key")
);
INSERT INTO "jobs" VALUES('0199aaaa-0000-7000-8000-000000000009','jobs kind','jobs key','{"n":9,"文":"字"}','jobs state',1790000000000009,9,9,'jobs error');
CREATE TABLE lists (
	id VARCHAR(36) NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	salt VARCHAR(64) NOT NULL, 
	root VARCHAR(64) NOT NULL, 
	size INTEGER NOT NULL, 
	ids_sha256 VARCHAR(64), 
	leaves_sha256 VARCHAR(64), 
	patterns TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	created_by VARCHAR(400) NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_lists PRIMARY KEY (id), 
	CONSTRAINT fk_lists_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT uq_lists_workspace_id_name UNIQUE (workspace_id, name)
);
INSERT INTO "lists" VALUES('0199aaaa-0000-7000-8000-000000000018','0199aaaa-0000-7000-8000-000000000013','lists name','lists kind','2bb5206783c463e0945da5eaa768628be456af95546ac3f03c6b4fdd5a02cac3','4222925210c6051f1cd09ea1ce79da247c8e4bd2f2e53df1eb837251790d8f7f',18,'1c7d90cdc51cf2fba120a5a4071febee3dc6d1452fbd26ad52fa68fec8afe77b','0fbfd5526aa64b566a35918183ccf949d45526b78f8560d6aac159018b78fa23','{"n":18,"文":"字"}',18,'lists created_by',1790000000000018,1790000000000018);
CREATE TABLE log_pulls (
	id VARCHAR(36) NOT NULL, 
	app INTEGER NOT NULL, 
	device VARCHAR(128) NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	from_at BIGINT NOT NULL, 
	until_at BIGINT NOT NULL, 
	reason VARCHAR(400) NOT NULL, 
	requested_by VARCHAR(400) NOT NULL, 
	requested_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	arrived_at BIGINT, 
	CONSTRAINT pk_log_pulls PRIMARY KEY (id), 
	CONSTRAINT fk_log_pulls_app FOREIGN KEY(app) REFERENCES observe_apps (number)
);
INSERT INTO "log_pulls" VALUES('0199aaaa-0000-7000-8000-000000000029',22,'log_pulls device','log_pulls st',1790000000000029,1790000000000029,'log_pulls reason','log_pulls requested_by',1790000000000029,1790000000000029,1790000000000029);
CREATE TABLE members (
	workspace_id VARCHAR(36) NOT NULL, 
	user_id VARCHAR(36) NOT NULL, 
	roles TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_members PRIMARY KEY (workspace_id, user_id), 
	CONSTRAINT fk_members_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT fk_members_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);
INSERT INTO "members" VALUES('0199aaaa-0000-7000-8000-000000000013','0199aaaa-0000-7000-8000-000000000012','["owner"]',1790000000000019);
CREATE TABLE metadata_files (
	workspace_id VARCHAR(36) NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	version INTEGER NOT NULL, 
	bytes BLOB NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_metadata_files PRIMARY KEY (workspace_id, name, version), 
	CONSTRAINT fk_metadata_files_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);
INSERT INTO "metadata_files" VALUES('0199aaaa-0000-7000-8000-000000000013','metadata_files name',20,X'00FF14',1790000000000020);
CREATE TABLE metadata_heads (
	workspace_id VARCHAR(36) NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	version INTEGER NOT NULL, 
	length INTEGER NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	expires_at BIGINT NOT NULL, 
	CONSTRAINT pk_metadata_heads PRIMARY KEY (workspace_id, name), 
	CONSTRAINT fk_metadata_heads_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);
INSERT INTO "metadata_heads" VALUES('0199aaaa-0000-7000-8000-000000000013','metadata_heads name',21,21,'5eb8adf2779e7031137d48ef75bdf2c60f64d2f08083221536b439fae52611f4',1790000000000021);
CREATE TABLE observe_apps (
	number INTEGER NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	settings TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_observe_apps PRIMARY KEY (number), 
	CONSTRAINT fk_observe_apps_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT uq_observe_apps_workspace_id_key UNIQUE (workspace_id, "key")
);
INSERT INTO "observe_apps" VALUES(22,'0199aaaa-0000-7000-8000-000000000013','560c7ebec8b9b020966b22c518443cf53fce447e9b6ab837142a8a442c3d852b','{"n":22,"文":"字"}',22,1790000000000022);
CREATE TABLE observe_erasures (
	id VARCHAR(36) NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	person VARCHAR(256) NOT NULL, 
	requested_by VARCHAR(400) NOT NULL, 
	at BIGINT NOT NULL, 
	done_at BIGINT, 
	CONSTRAINT pk_observe_erasures PRIMARY KEY (id), 
	CONSTRAINT fk_observe_erasures_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);
INSERT INTO "observe_erasures" VALUES('0199aaaa-0000-7000-8000-000000000023','0199aaaa-0000-7000-8000-000000000013','observe_erasures person','observe_erasures requested_by',1790000000000023,1790000000000023);
CREATE TABLE observe_keys (
	"key" VARCHAR(32) NOT NULL, 
	app INTEGER NOT NULL, 
	label VARCHAR(80) NOT NULL, 
	created_by VARCHAR(400) NOT NULL, 
	created_at BIGINT NOT NULL, 
	disabled_at BIGINT, 
	CONSTRAINT pk_observe_keys PRIMARY KEY ("key"), 
	CONSTRAINT fk_observe_keys_app FOREIGN KEY(app) REFERENCES observe_apps (number)
);
INSERT INTO "observe_keys" VALUES('observe_keys key',22,'observe_keys label','observe_keys created_by',1790000000000030,1790000000000030);
CREATE TABLE observe_properties (
	app INTEGER NOT NULL, 
	event VARCHAR(200) NOT NULL, 
	path VARCHAR(200) NOT NULL, 
	types TEXT NOT NULL, 
	first_seen_at BIGINT NOT NULL, 
	last_seen_at BIGINT NOT NULL, 
	CONSTRAINT pk_observe_properties PRIMARY KEY (app, event, path), 
	CONSTRAINT fk_observe_properties_app FOREIGN KEY(app) REFERENCES observe_apps (number)
);
INSERT INTO "observe_properties" VALUES(22,'observe_properties event','observe_properties path','{"n":31,"文":"字"}',1790000000000031,1790000000000031);
CREATE TABLE observe_symbols (
	app INTEGER NOT NULL, 
	code BIGINT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_observe_symbols PRIMARY KEY (app, code), 
	CONSTRAINT fk_observe_symbols_app FOREIGN KEY(app) REFERENCES observe_apps (number)
);
INSERT INTO "observe_symbols" VALUES(22,32,'360391b5642a56fa83635fe306961de891b2acf048b918c5825534bdc0b14416',1790000000000032);
CREATE TABLE observe_usage (
	app INTEGER NOT NULL, 
	hour BIGINT NOT NULL, 
	accepted BIGINT NOT NULL, 
	refused BIGINT NOT NULL, 
	bytes BIGINT NOT NULL, 
	CONSTRAINT pk_observe_usage PRIMARY KEY (app, hour), 
	CONSTRAINT fk_observe_usage_app FOREIGN KEY(app) REFERENCES observe_apps (number)
);
INSERT INTO "observe_usage" VALUES(22,33,33,33,33);
CREATE TABLE oidc_flows (
	id VARCHAR(64) NOT NULL, 
	browser VARCHAR(64) NOT NULL, 
	nonce VARCHAR(80) NOT NULL, 
	verifier VARCHAR(128) NOT NULL, 
	destination VARCHAR(400) NOT NULL, 
	expires_at BIGINT NOT NULL, 
	CONSTRAINT pk_oidc_flows PRIMARY KEY (id)
);
INSERT INTO "oidc_flows" VALUES('428c7521979a9f3a8a6d0191bd12af620f97a5ca3304a30fb5b8ec5037c8c2bc','b5079b786a444bd590fceed5b016def67cf3fbed2ff6a62291366a537b3798ae','oidc_flows nonce','oidc_flows verifier','oidc_flows destination',1790000000000010);
CREATE TABLE programs (
	id VARCHAR(36) NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	host_app_id VARCHAR(36), 
	"key" VARCHAR(64) NOT NULL, 
	kind VARCHAR(12) NOT NULL, 
	name VARCHAR(400) NOT NULL, 
	description TEXT NOT NULL, 
	app_id VARCHAR(128), 
	created_by VARCHAR(400) NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_programs PRIMARY KEY (id), 
	CONSTRAINT fk_programs_host_app_id FOREIGN KEY(host_app_id) REFERENCES host_apps (id), 
	CONSTRAINT fk_programs_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT uq_programs_workspace_id_key UNIQUE (workspace_id, "key")
);
INSERT INTO "programs" VALUES('0199aaaa-0000-7000-8000-000000000034','0199aaaa-0000-7000-8000-000000000013','0199aaaa-0000-7000-8000-000000000016','dd89a05e6c66bc3bf584493e68dcb9fa65a58723f771c14ef2dcdcd7117adfeb','programs kin','programs name','programs description','programs app_id','programs created_by',1790000000000034);
CREATE TABLE release_counts (
	release_id VARCHAR(36) NOT NULL, 
	run INTEGER NOT NULL, 
	arm VARCHAR(8) NOT NULL, 
	at BIGINT NOT NULL, 
	offered BIGINT NOT NULL, 
	downloaded BIGINT NOT NULL, 
	installed BIGINT NOT NULL, 
	started BIGINT NOT NULL, 
	first_page BIGINT NOT NULL, 
	crash BIGINT NOT NULL, 
	error BIGINT NOT NULL, 
	failed BIGINT NOT NULL, 
	bad BIGINT NOT NULL, 
	rolled_back BIGINT NOT NULL, 
	refused BIGINT NOT NULL, 
	exposed BIGINT NOT NULL, 
	crashed BIGINT NOT NULL, 
	unstarted BIGINT NOT NULL, 
	erred BIGINT NOT NULL, 
	CONSTRAINT pk_release_counts PRIMARY KEY (release_id, run, arm, at), 
	CONSTRAINT fk_release_counts_release_id FOREIGN KEY(release_id) REFERENCES releases (id)
);
INSERT INTO "release_counts" VALUES('0199aaaa-0000-7000-8000-000000000040',45,'release_',1790000000000045,45,45,45,45,45,45,45,45,45,45,45,45,45,45,45);
CREATE TABLE release_events (
	release_id VARCHAR(36) NOT NULL, 
	revision INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	actor VARCHAR(400) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	step INTEGER NOT NULL, 
	share INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	detail TEXT, 
	CONSTRAINT pk_release_events PRIMARY KEY (release_id, revision), 
	CONSTRAINT fk_release_events_release_id FOREIGN KEY(release_id) REFERENCES releases (id)
);
INSERT INTO "release_events" VALUES('0199aaaa-0000-7000-8000-000000000040',46,1790000000000046,'release_events actor','release_events k','release_even',46,46,'release_events reason','{"n":46,"文":"字"}');
CREATE TABLE release_guards (
	release_id VARCHAR(36) NOT NULL, 
	run INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	seen TEXT NOT NULL, 
	verdict TEXT NOT NULL, 
	looked_at BIGINT NOT NULL, 
	CONSTRAINT pk_release_guards PRIMARY KEY (release_id), 
	CONSTRAINT fk_release_guards_release_id FOREIGN KEY(release_id) REFERENCES releases (id)
);
INSERT INTO "release_guards" VALUES('0199aaaa-0000-7000-8000-000000000040',47,47,'{"n":47,"文":"字"}','{"n":47,"文":"字"}','{"n":47,"文":"字"}',1790000000000047);
CREATE TABLE releases (
	id VARCHAR(36) NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	program_id VARCHAR(36) NOT NULL, 
	version_id VARCHAR(36) NOT NULL, 
	notes TEXT NOT NULL, 
	track VARCHAR(10) NOT NULL, 
	salt VARCHAR(64) NOT NULL, 
	"plan" TEXT NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	previous_code BIGINT, 
	step INTEGER NOT NULL, 
	share INTEGER NOT NULL, 
	step_share INTEGER NOT NULL, 
	step_started_at BIGINT, 
	stopped_at BIGINT, 
	stopped_us BIGINT NOT NULL, 
	closed VARCHAR(16), 
	run INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	offering VARCHAR(60), 
	created_by VARCHAR(400) NOT NULL, 
	created_at BIGINT NOT NULL, 
	started_at BIGINT, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_releases PRIMARY KEY (id), 
	CONSTRAINT fk_releases_program_id FOREIGN KEY(program_id) REFERENCES programs (id), 
	CONSTRAINT fk_releases_version_id FOREIGN KEY(version_id) REFERENCES versions (id), 
	CONSTRAINT fk_releases_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT uq_releases_offering UNIQUE (offering)
);
INSERT INTO "releases" VALUES('0199aaaa-0000-7000-8000-000000000040','0199aaaa-0000-7000-8000-000000000013','0199aaaa-0000-7000-8000-000000000034','0199aaaa-0000-7000-8000-000000000039','releases notes','releases t','e4bb08ff327dec77588cfc1c69ae28eaca715129681aeb7b19d59390b66eec91','{"n":40,"文":"字"}','releases sta',40,40,40,40,1790000000000040,1790000000000040,40,'releases closed',40,40,'releases offering','releases created_by',1790000000000040,1790000000000040,1790000000000040);
CREATE TABLE report_batches (
	id VARCHAR(64) NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_report_batches PRIMARY KEY (id)
);
INSERT INTO "report_batches" VALUES('b71ba855b79cc6f50b0a2c4041db1858c518910d46c89bf5ece3b6f3f1ee177a',1790000000000011);
CREATE TABLE reviews (
	id VARCHAR(36) NOT NULL, 
	version_id VARCHAR(36) NOT NULL, 
	reviewer VARCHAR(400) NOT NULL, 
	reviewer_id VARCHAR(36) NOT NULL, 
	verdict VARCHAR(12) NOT NULL, 
	comment TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_reviews PRIMARY KEY (id), 
	CONSTRAINT fk_reviews_version_id FOREIGN KEY(version_id) REFERENCES versions (id)
);
INSERT INTO "reviews" VALUES('0199aaaa-0000-7000-8000-000000000041','0199aaaa-0000-7000-8000-000000000039','reviews reviewer','0199aaaa-0000-7000-8000-000000000041','reviews verd','reviews comment',1790000000000041);
CREATE TABLE saved_questions (
	id VARCHAR(36) NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	app INTEGER NOT NULL, 
	name VARCHAR(400) NOT NULL, 
	question TEXT NOT NULL, 
	created_by VARCHAR(400) NOT NULL, 
	created_at BIGINT NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_saved_questions PRIMARY KEY (id), 
	CONSTRAINT fk_saved_questions_app FOREIGN KEY(app) REFERENCES observe_apps (number), 
	CONSTRAINT fk_saved_questions_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);
INSERT INTO "saved_questions" VALUES('0199aaaa-0000-7000-8000-000000000035','0199aaaa-0000-7000-8000-000000000013',22,'saved_questions name','{"n":35,"文":"字"}','saved_questions created_by',1790000000000035,35);
CREATE TABLE sessions (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(36) NOT NULL, 
	csrf VARCHAR(64) NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id), 
	CONSTRAINT fk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "sessions" VALUES('ab8cd372a3b0bb17fedb8bc473e1c01d2af92e4993ddf5e53f73757392d356ab','0199aaaa-0000-7000-8000-000000000012','fe849df480525b3a4e15649d87584556b94e212e0996bfbd27b89cc3149fc5ba',1790000000000024,1790000000000024);
CREATE TABLE signing_keys (
	workspace_id VARCHAR(36) NOT NULL, 
	role VARCHAR(12) NOT NULL, 
	key_id VARCHAR(64) NOT NULL, 
	scheme VARCHAR(32) NOT NULL, 
	public TEXT NOT NULL, 
	sealed BLOB NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_signing_keys PRIMARY KEY (workspace_id, role, key_id), 
	CONSTRAINT fk_signing_keys_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);
INSERT INTO "signing_keys" VALUES('0199aaaa-0000-7000-8000-000000000013','signing_keys','99f83d16c3ea42e549b94656f3c326c584d93ffaec559375ae1a42e1c005ef78','signing_keys scheme','{"n":25,"文":"字"}',X'00FF19','signing_ke',1790000000000025);
CREATE TABLE tokens (
	id VARCHAR(36) NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	scopes TEXT NOT NULL, 
	created_by VARCHAR(36) NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	revoked_at BIGINT, 
	used_at BIGINT, 
	CONSTRAINT pk_tokens PRIMARY KEY (id), 
	CONSTRAINT fk_tokens_created_by FOREIGN KEY(created_by) REFERENCES users (id), 
	CONSTRAINT fk_tokens_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT uq_tokens_secret_hash UNIQUE (secret_hash)
);
INSERT INTO "tokens" VALUES('0199aaaa-0000-7000-8000-000000000026','0199aaaa-0000-7000-8000-000000000013','tokens name','e210a3a919d065778fe5134c9405b0451ada71914fbf15bf93d35b5b92388913','["workspace.read"]','0199aaaa-0000-7000-8000-000000000012',1790000000000026,1790000000000026,1790000000000026,1790000000000026);
CREATE TABLE trials (
	id VARCHAR(36) NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	program_id VARCHAR(36) NOT NULL, 
	version_id VARCHAR(36) NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	track VARCHAR(10) NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	token_sealed BLOB NOT NULL, 
	created_by VARCHAR(400) NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	revoked_at BIGINT, 
	CONSTRAINT pk_trials PRIMARY KEY (id), 
	CONSTRAINT fk_trials_program_id FOREIGN KEY(program_id) REFERENCES programs (id), 
	CONSTRAINT fk_trials_version_id FOREIGN KEY(version_id) REFERENCES versions (id), 
	CONSTRAINT fk_trials_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT uq_trials_token_hash UNIQUE (token_hash)
);
INSERT INTO "trials" VALUES('0199aaaa-0000-7000-8000-000000000042','0199aaaa-0000-7000-8000-000000000013','0199aaaa-0000-7000-8000-000000000034','0199aaaa-0000-7000-8000-000000000039','trials name','trials tra','946d53fa72717674af3f6bb0c610a427d3e299b3eae678f0387af07f319d6934',X'00FF2A','trials created_by',1790000000000042,1790000000000042,1790000000000042);
CREATE TABLE users (
	id VARCHAR(36) NOT NULL, 
	email VARCHAR(254) NOT NULL, 
	name VARCHAR(400) NOT NULL, 
	password_hash VARCHAR(200), 
	oidc_subject VARCHAR(300), 
	locale VARCHAR(10) NOT NULL, 
	created_at BIGINT NOT NULL, 
	disabled_at BIGINT, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT uq_users_email UNIQUE (email), 
	CONSTRAINT uq_users_oidc_subject UNIQUE (oidc_subject)
);
INSERT INTO "users" VALUES('0199aaaa-0000-7000-8000-000000000012','users email','users name','users password_hash','users oidc_subject','users loca',1790000000000012,1790000000000012);
CREATE TABLE version_counts (
	program_id VARCHAR(36) NOT NULL, 
	code BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	offered BIGINT NOT NULL, 
	downloaded BIGINT NOT NULL, 
	installed BIGINT NOT NULL, 
	started BIGINT NOT NULL, 
	first_page BIGINT NOT NULL, 
	crash BIGINT NOT NULL, 
	error BIGINT NOT NULL, 
	failed BIGINT NOT NULL, 
	bad BIGINT NOT NULL, 
	rolled_back BIGINT NOT NULL, 
	refused BIGINT NOT NULL, 
	exposed BIGINT NOT NULL, 
	crashed BIGINT NOT NULL, 
	unstarted BIGINT NOT NULL, 
	erred BIGINT NOT NULL, 
	CONSTRAINT pk_version_counts PRIMARY KEY (program_id, code, at), 
	CONSTRAINT fk_version_counts_program_id FOREIGN KEY(program_id) REFERENCES programs (id)
);
INSERT INTO "version_counts" VALUES('0199aaaa-0000-7000-8000-000000000034',38,1790000000000038,38,38,38,38,38,38,38,38,38,38,38,38,38,38,38);
CREATE TABLE version_files (
	version_id VARCHAR(36) NOT NULL, 
	name VARCHAR(400) NOT NULL, 
	position INTEGER NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	served BOOLEAN NOT NULL, 
	entries TEXT NOT NULL, 
	CONSTRAINT pk_version_files PRIMARY KEY (version_id, name), 
	CONSTRAINT fk_version_files_version_id FOREIGN KEY(version_id) REFERENCES versions (id)
);
INSERT INTO "version_files" VALUES('0199aaaa-0000-7000-8000-000000000039','version_files name',43,43,'8c0e7f53ec47cdb8425554421c9bcceceadda85260cf3a1b63510d98a4ec0fe3',1,'{"n":43,"文":"字"}');
CREATE TABLE versions (
	id VARCHAR(36) NOT NULL, 
	workspace_id VARCHAR(36) NOT NULL, 
	program_id VARCHAR(36) NOT NULL, 
	code BIGINT NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	signed_state VARCHAR(12), 
	digest VARCHAR(64) NOT NULL, 
	container INTEGER NOT NULL, 
	size BIGINT NOT NULL, 
	manifest TEXT NOT NULL, 
	notes TEXT NOT NULL, 
	author VARCHAR(400) NOT NULL, 
	author_id VARCHAR(36) NOT NULL, 
	created_at BIGINT NOT NULL, 
	withdrawn_at BIGINT, 
	CONSTRAINT pk_versions PRIMARY KEY (id), 
	CONSTRAINT fk_versions_program_id FOREIGN KEY(program_id) REFERENCES programs (id), 
	CONSTRAINT fk_versions_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT uq_versions_program_id_code UNIQUE (program_id, code)
);
INSERT INTO "versions" VALUES('0199aaaa-0000-7000-8000-000000000039','0199aaaa-0000-7000-8000-000000000013','0199aaaa-0000-7000-8000-000000000034',39,'37fd26cea92795c26e8b21cca1b2b753095ada0ae1ee77555ecb4454f93442a6','versions sta','versions sig','9a84fb80355e581850ed22b6c9b2f6fa4a63292d0e5bb34dd14d686b9a9171d2',39,39,'{"n":39,"文":"字"}','versions notes','versions author','0199aaaa-0000-7000-8000-000000000039',1790000000000039,1790000000000039);
CREATE TABLE workspaces (
	id VARCHAR(36) NOT NULL, 
	slug VARCHAR(40) NOT NULL, 
	name VARCHAR(400) NOT NULL, 
	settings TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_workspaces PRIMARY KEY (id), 
	CONSTRAINT uq_workspaces_slug UNIQUE (slug)
);
INSERT INTO "workspaces" VALUES('0199aaaa-0000-7000-8000-000000000013','workspaces slug','workspaces name','{"n":13,"文":"字"}',1790000000000013);
CREATE INDEX ix_attempts_expires_at ON attempts (expires_at);
CREATE INDEX ix_changes_at ON changes (at);
CREATE INDEX ix_idempotency_created_at ON idempotency (created_at);
CREATE INDEX ix_jobs_state_run_at ON jobs (state, run_at);
CREATE INDEX ix_oidc_flows_expires_at ON oidc_flows (expires_at);
CREATE INDEX ix_report_batches_at ON report_batches (at);
CREATE INDEX ix_dashboards_workspace_id ON dashboards (workspace_id);
CREATE INDEX ix_devices_workspace_id_seen_at ON devices (workspace_id, seen_at);
CREATE INDEX ix_devices_workspace_id_user_id ON devices (workspace_id, user_id);
CREATE INDEX ix_invitations_user_id ON invitations (user_id);
CREATE INDEX ix_members_user_id ON members (user_id);
CREATE INDEX ix_metadata_files_created_at ON metadata_files (created_at);
CREATE INDEX ix_metadata_heads_expires_at ON metadata_heads (expires_at);
CREATE INDEX ix_observe_erasures_workspace_id ON observe_erasures (workspace_id);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_tokens_workspace_id ON tokens (workspace_id);
CREATE INDEX ix_alerts_workspace_id ON alerts (workspace_id);
CREATE INDEX ix_crash_groups_app_last_seen_at ON crash_groups (app, last_seen_at);
CREATE INDEX ix_crash_groups_app_short ON crash_groups (app, short);
CREATE INDEX ix_log_pulls_app_device ON log_pulls (app, device);
CREATE INDEX ix_observe_keys_app ON observe_keys (app);
CREATE INDEX ix_saved_questions_workspace_id ON saved_questions (workspace_id);
CREATE INDEX ix_alert_incidents_alert_id ON alert_incidents (alert_id);
CREATE INDEX ix_crash_activities_group_id ON crash_activities (group_id);
CREATE INDEX ix_versions_program_id_signed_state ON versions (program_id, signed_state);
CREATE INDEX ix_versions_workspace_id_created_at ON versions (workspace_id, created_at);
CREATE INDEX ix_releases_program_id_created_at ON releases (program_id, created_at);
CREATE INDEX ix_releases_state ON releases (state);
CREATE INDEX ix_releases_workspace_id_created_at ON releases (workspace_id, created_at);
CREATE INDEX ix_reviews_version_id_at ON reviews (version_id, at);
CREATE INDEX ix_trials_expires_at ON trials (expires_at);
CREATE INDEX ix_trials_program_id_created_at ON trials (program_id, created_at);
CREATE INDEX ix_trials_version_id ON trials (version_id);
CREATE INDEX ix_version_files_sha256 ON version_files (sha256);
CREATE INDEX ix_device_parts_release_id_has ON device_parts (release_id, has);
COMMIT;
