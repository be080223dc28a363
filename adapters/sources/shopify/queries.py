"""
What we ask Shopify, by the names of its GraphQL Admin API.

Least data: no name, e-mail or address is asked for, and a phone number only where it will be
hashed. Every field below is documented from version 2025-04 to 2027-01 (shopify.dev). Not seen in
use, for want of a shop: that `updated_at` may be asked of customers and products exactly as of
orders, and that an app may read its own access scopes without a scope for that.
"""

ORDERS = """
query Orders($first: Int!, $after: String, $search: String!, $lines: Int!) {
  found: orders(first: $first, after: $after, query: $search, sortKey: UPDATED_AT) {
    nodes {
      id updatedAt processedAt cancelledAt test edited displayFinancialStatus currencyCode
      customer { id }
      subtotalPriceSet { shopMoney { amount } }
      lineItems(first: $lines) {
        nodes { title quantity product { id } originalUnitPriceSet { shopMoney { amount } } }
        pageInfo { hasNextPage endCursor }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

LINES = """
query Lines($order: ID!, $first: Int!, $after: String) {
  order(id: $order) {
    updatedAt
    lineItems(first: $first, after: $after) {
      nodes { title quantity product { id } originalUnitPriceSet { shopMoney { amount } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

CUSTOMERS = """
query Customers(
  $first: Int!, $after: String, $search: String!, $email: Boolean!, $sms: Boolean!, $phone: Boolean!
) {
  found: customers(first: $first, after: $after, query: $search, sortKey: UPDATED_AT) {
    nodes {
      id updatedAt createdAt
      email: defaultEmailAddress @include(if: $email) { marketingState marketingUpdatedAt }
      sms: defaultPhoneNumber @include(if: $sms) { marketingState marketingUpdatedAt }
      phone: defaultPhoneNumber @include(if: $phone) { phoneNumber }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

PRODUCTS = """
query Products($first: Int!, $after: String, $search: String!) {
  found: products(first: $first, after: $after, query: $search, sortKey: UPDATED_AT) {
    nodes {
      id updatedAt title productType status createdAt publishedAt totalInventory tracksInventory
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

SCOPES = """
query Scopes {
  currentAppInstallation { accessScopes { handle } }
}
"""
