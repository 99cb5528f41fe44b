#!/bin/sh
# The xfusion lab as a plain script of AWS CLI calls, the way a user would write it.
set -eu
aws="${AWS_CLI:-aws}"
account=$("$aws" sts get-caller-identity --query Account --output text)
public=xfusion-public-22769
private=xfusion-private-19821
function=xfusion-copyfunction
table=xfusion-S3CopyLogs
role=lambda_execution_role

"$aws" s3api create-bucket --bucket "$public" >/dev/null
"$aws" s3api put-public-access-block --bucket "$public" --public-access-block-configuration \
  BlockPublicAcls=false,IgnorePublicAcls=false,BlockPublicPolicy=false,RestrictPublicBuckets=false
"$aws" s3api put-bucket-policy --bucket "$public" --policy '{"Version": "2012-10-17", "Statement": [{
  "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::'"$public"'/*"}]}'
"$aws" s3api create-bucket --bucket "$private" >/dev/null
"$aws" s3api put-public-access-block --bucket "$private" --public-access-block-configuration \
  BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true

"$aws" iam create-role --role-name "$role" --assume-role-policy-document '{"Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
  "Action": "sts:AssumeRole"}]}' >/dev/null
for policy in AmazonS3FullAccess AmazonDynamoDBFullAccess service-role/AWSLambdaBasicExecutionRole; do
  "$aws" iam attach-role-policy --role-name "$role" --policy-arn "arn:aws:iam::aws:policy/$policy"
done

"$aws" dynamodb create-table --table-name "$table" --billing-mode PAY_PER_REQUEST \
  --attribute-definitions AttributeName=LogID,AttributeType=S \
  --key-schema AttributeName=LogID,KeyType=HASH >/dev/null
"$aws" dynamodb wait table-exists --table-name "$table"

"$aws" logs create-log-group --log-group-name "/aws/lambda/$function"
"$aws" logs put-retention-policy --log-group-name "/aws/lambda/$function" --retention-in-days 14
"$aws" lambda create-function --function-name "$function" --runtime python3.14 \
  --handler lambda_function.lambda_handler --timeout 300 --zip-file "fileb://$FUNCTION_ZIP" \
  --role "arn:aws:iam::$account:role/$role" >/dev/null
"$aws" lambda wait function-active-v2 --function-name "$function"
"$aws" lambda add-permission --function-name "$function" --statement-id "invoke-$function" \
  --action lambda:InvokeFunction --principal s3.amazonaws.com \
  --source-arn "arn:aws:s3:::$public" --source-account "$account" >/dev/null
"$aws" s3api put-bucket-notification-configuration --bucket "$public" --notification-configuration '{
  "LambdaFunctionConfigurations": [{"Events": ["s3:ObjectCreated:Put"],
  "LambdaFunctionArn": "arn:aws:lambda:us-east-1:'"$account"':function:'"$function"'"}]}'
