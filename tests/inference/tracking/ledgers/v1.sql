BEGIN TRANSACTION;
CREATE TABLE vidi_about (
	name VARCHAR NOT NULL, 
	value INTEGER NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "vidi_about" VALUES('schema',1);
CREATE TABLE vidi_charges (
	run VARCHAR NOT NULL, 
	inference VARCHAR NOT NULL, 
	attempt INTEGER NOT NULL, 
	model VARCHAR NOT NULL, 
	provider VARCHAR NOT NULL, 
	reserved BIGINT NOT NULL, 
	actual BIGINT, 
	day VARCHAR NOT NULL, 
	week VARCHAR NOT NULL, 
	month VARCHAR NOT NULL, 
	reserved_at VARCHAR NOT NULL, 
	settled_at VARCHAR, 
	PRIMARY KEY (run, inference, attempt)
);
INSERT INTO "vidi_charges" VALUES('9cc2960e1a9f5783','idea',1,'fal/fal-ai/video-prompt-generator','fal',1000,1000,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:26.916995+00:00','2026-11-16T23:15:27.114037+00:00');
INSERT INTO "vidi_charges" VALUES('668d0be19e8cd612','odd',1,'replicate/black-forest-labs/flux-schnell','replicate',3000,3000,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:29.070124+00:00','2026-11-16T23:15:29.851215+00:00');
INSERT INTO "vidi_charges" VALUES('136ea78662a8d5db','refused',1,'fal/fal-ai/video-prompt-generator','fal',1000,0,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:31.517751+00:00','2026-11-16T23:15:31.536817+00:00');
INSERT INTO "vidi_charges" VALUES('004d5c0b93ae8e2e','failed',1,'replicate/black-forest-labs/flux-schnell','replicate',3000,0,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:33.165619+00:00','2026-11-16T23:15:33.412525+00:00');
INSERT INTO "vidi_charges" VALUES('79ae16fd7e6baa35','moderated',1,'replicate/black-forest-labs/flux-schnell','replicate',3000,0,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:35.430476+00:00','2026-11-16T23:15:35.670017+00:00');
INSERT INTO "vidi_charges" VALUES('7c0be5e79e035d3e','retried',1,'replicate/black-forest-labs/flux-schnell','replicate',3000,0,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:37.567604+00:00','2026-11-16T23:15:37.822235+00:00');
INSERT INTO "vidi_charges" VALUES('7c0be5e79e035d3e','retried',2,'replicate/black-forest-labs/flux-schnell','replicate',3000,3000,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:38.137280+00:00','2026-11-16T23:15:38.587511+00:00');
INSERT INTO "vidi_charges" VALUES('039d5cf7fa42bc72','doubtful',1,'fal/fal-ai/video-prompt-generator','fal',1000,NULL,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:40.412833+00:00',NULL);
INSERT INTO "vidi_charges" VALUES('0a429af39feb38a5','adopted',1,'fal/fal-ai/video-prompt-generator','fal',1000,1000,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:41.861525+00:00','2026-11-16T23:15:42.065343+00:00');
INSERT INTO "vidi_charges" VALUES('74eb39201250c3e7','unfinished',1,'replicate/black-forest-labs/flux-schnell','replicate',3000,NULL,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:43.439351+00:00',NULL);
INSERT INTO "vidi_charges" VALUES('41d616553cd637d9','lost',1,'replicate/black-forest-labs/flux-schnell','replicate',3000,3000,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:45.794992+00:00','2026-11-16T23:15:46.058074+00:00');
INSERT INTO "vidi_charges" VALUES('bd79643952cedebb','not-paid',1,'fal/fal-ai/video-prompt-generator','fal',1000,0,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:47.435501+00:00','2026-11-16T23:15:48.548374+00:00');
INSERT INTO "vidi_charges" VALUES('46036a278444c1ff','cancelled',1,'replicate/black-forest-labs/flux-schnell','replicate',3000,0,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:49.652483+00:00','2026-11-16T23:15:50.358093+00:00');
INSERT INTO "vidi_charges" VALUES('d9f375081e463ebf','intended',1,'fal/fal-ai/video-prompt-generator','fal',1000,NULL,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:51.828391+00:00',NULL);
INSERT INTO "vidi_charges" VALUES('26bba2e1d1617dae','submitted',1,'replicate/black-forest-labs/flux-schnell','replicate',3000,NULL,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:53.578457+00:00',NULL);
INSERT INTO "vidi_charges" VALUES('c6a644bf9b3aea39','completed',1,'replicate/black-forest-labs/flux-schnell','replicate',3000,NULL,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:55.635562+00:00',NULL);
INSERT INTO "vidi_charges" VALUES('9560443235b52ba3','second-thoughts',1,'fal/fal-ai/video-prompt-generator','fal',1000,1000,'2026-11-16','2026-W47','2026-11','2026-11-16T23:15:57.565795+00:00','2026-11-16T23:15:57.776814+00:00');
CREATE TABLE vidi_leases (
	provider VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	holder VARCHAR NOT NULL, 
	until FLOAT NOT NULL, 
	PRIMARY KEY (provider, account, holder)
);
CREATE TABLE vidi_paces (
	provider VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	next_at FLOAT NOT NULL, 
	closed_until FLOAT NOT NULL, 
	PRIMARY KEY (provider, account)
);
INSERT INTO "vidi_paces" VALUES('replicate','db6bcf6a2a36ee93',1.79547575576019954684e+09,0.0);
CREATE TABLE vidi_periods (
	kind VARCHAR NOT NULL, 
	label VARCHAR NOT NULL, 
	spent BIGINT NOT NULL, 
	reserved BIGINT NOT NULL, 
	PRIMARY KEY (kind, label), 
	CONSTRAINT vidi_periods_reserved CHECK (reserved >= 0)
);
INSERT INTO "vidi_periods" VALUES('run','9cc2960e1a9f5783',1000,0);
INSERT INTO "vidi_periods" VALUES('day','2026-11-16',12000,11000);
INSERT INTO "vidi_periods" VALUES('week','2026-W47',12000,11000);
INSERT INTO "vidi_periods" VALUES('month','2026-11',12000,11000);
INSERT INTO "vidi_periods" VALUES('run','668d0be19e8cd612',3000,0);
INSERT INTO "vidi_periods" VALUES('run','136ea78662a8d5db',0,0);
INSERT INTO "vidi_periods" VALUES('run','004d5c0b93ae8e2e',0,0);
INSERT INTO "vidi_periods" VALUES('run','79ae16fd7e6baa35',0,0);
INSERT INTO "vidi_periods" VALUES('run','7c0be5e79e035d3e',3000,0);
INSERT INTO "vidi_periods" VALUES('run','039d5cf7fa42bc72',0,1000);
INSERT INTO "vidi_periods" VALUES('run','0a429af39feb38a5',1000,0);
INSERT INTO "vidi_periods" VALUES('run','74eb39201250c3e7',0,3000);
INSERT INTO "vidi_periods" VALUES('run','41d616553cd637d9',3000,0);
INSERT INTO "vidi_periods" VALUES('run','bd79643952cedebb',0,0);
INSERT INTO "vidi_periods" VALUES('run','46036a278444c1ff',0,0);
INSERT INTO "vidi_periods" VALUES('run','d9f375081e463ebf',0,1000);
INSERT INTO "vidi_periods" VALUES('run','26bba2e1d1617dae',0,3000);
INSERT INTO "vidi_periods" VALUES('run','c6a644bf9b3aea39',0,3000);
INSERT INTO "vidi_periods" VALUES('run','9560443235b52ba3',1000,0);
CREATE TABLE vidi_receipts (
	provider VARCHAR NOT NULL, 
	request_id VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	inference VARCHAR NOT NULL, 
	attempt INTEGER NOT NULL, 
	PRIMARY KEY (provider, request_id)
);
INSERT INTO "vidi_receipts" VALUES('fal','5f99a02a-c008-4810-9ab2-efbe6113b375','9cc2960e1a9f5783','idea',1);
INSERT INTO "vidi_receipts" VALUES('replicate','6b2be63d4e7c47209349a45e77','668d0be19e8cd612','odd',1);
INSERT INTO "vidi_receipts" VALUES('replicate','fdb115450c3645cda86108e7c5','004d5c0b93ae8e2e','failed',1);
INSERT INTO "vidi_receipts" VALUES('replicate','0c9b0c55034c49be9be2d1e661','79ae16fd7e6baa35','moderated',1);
INSERT INTO "vidi_receipts" VALUES('replicate','cc5cf33bcbf748fcba01f57d1f','7c0be5e79e035d3e','retried',1);
INSERT INTO "vidi_receipts" VALUES('replicate','1b15b24a3e054477acc318ff95','7c0be5e79e035d3e','retried',2);
INSERT INTO "vidi_receipts" VALUES('fal','2f08c2a2-2bb8-43a5-9a4e-6596799a35c6','0a429af39feb38a5','adopted',1);
INSERT INTO "vidi_receipts" VALUES('replicate','d0397f96791344629b6bf6b941','74eb39201250c3e7','unfinished',1);
INSERT INTO "vidi_receipts" VALUES('replicate','227c216434af44838382da9b13','41d616553cd637d9','lost',1);
INSERT INTO "vidi_receipts" VALUES('replicate','54dc43ab53ac471aaf10875baa','46036a278444c1ff','cancelled',1);
INSERT INTO "vidi_receipts" VALUES('replicate','d57ed425900f4367be966e5621','26bba2e1d1617dae','submitted',1);
INSERT INTO "vidi_receipts" VALUES('replicate','608815e1322a42788bea9f3637','c6a644bf9b3aea39','completed',1);
INSERT INTO "vidi_receipts" VALUES('fal','41cdc44c-ed5e-4e3d-b22b-68c947257709','9560443235b52ba3','second-thoughts',1);
CREATE TABLE vidi_runs (
	run VARCHAR NOT NULL, 
	job VARCHAR NOT NULL, 
	folder VARCHAR NOT NULL, 
	started_at VARCHAR NOT NULL, 
	PRIMARY KEY (run)
);
INSERT INTO "vidi_runs" VALUES('9cc2960e1a9f5783','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:26.624709+00:00');
INSERT INTO "vidi_runs" VALUES('668d0be19e8cd612','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:28.444254+00:00');
INSERT INTO "vidi_runs" VALUES('136ea78662a8d5db','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:31.159380+00:00');
INSERT INTO "vidi_runs" VALUES('004d5c0b93ae8e2e','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:32.630561+00:00');
INSERT INTO "vidi_runs" VALUES('79ae16fd7e6baa35','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:34.550345+00:00');
INSERT INTO "vidi_runs" VALUES('7c0be5e79e035d3e','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:37.136117+00:00');
INSERT INTO "vidi_runs" VALUES('039d5cf7fa42bc72','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:40.100468+00:00');
INSERT INTO "vidi_runs" VALUES('0a429af39feb38a5','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:41.644633+00:00');
INSERT INTO "vidi_runs" VALUES('74eb39201250c3e7','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:43.072841+00:00');
INSERT INTO "vidi_runs" VALUES('41d616553cd637d9','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:45.447730+00:00');
INSERT INTO "vidi_runs" VALUES('bd79643952cedebb','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:47.193820+00:00');
INSERT INTO "vidi_runs" VALUES('46036a278444c1ff','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:49.338014+00:00');
INSERT INTO "vidi_runs" VALUES('d9f375081e463ebf','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:51.387471+00:00');
INSERT INTO "vidi_runs" VALUES('26bba2e1d1617dae','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:53.015783+00:00');
INSERT INTO "vidi_runs" VALUES('c6a644bf9b3aea39','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:54.998604+00:00');
INSERT INTO "vidi_runs" VALUES('9560443235b52ba3','job.yaml','/home/me/project/outputs/job','2026-11-16T23:15:57.175254+00:00');
CREATE INDEX ix_vidi_runs_folder ON vidi_runs (folder);
CREATE INDEX vidi_charges_day ON vidi_charges (day);
COMMIT;
