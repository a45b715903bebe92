from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """Customers and what officers learn about them."""

    name = "customers"
    verbose_name = "客户"
