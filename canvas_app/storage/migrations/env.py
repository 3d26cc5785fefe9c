"""Alembic's entry point: runs the steps on the connection that ``Storage.upgrade()`` passes."""

from alembic import context

from canvas_app.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
